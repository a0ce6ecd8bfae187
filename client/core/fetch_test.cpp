// Large knowledge on its way to a client: it resumes, is given up for a newer version, and is applied whole.
#include "client/core/fetch.h"

#include <gtest/gtest.h>

#include "client/core/core.h"
#include "protocol/codec.h"
#include "storage/memory_store.h"

namespace outrider::client {
namespace {

using protocol::BlobChunk;
using protocol::Knowledge;
using protocol::KnowledgeEntry;
using protocol::WantBlob;

const ClientId kFetching = ClientId::from_public_key(bytes_of("client"));
const ClientId kGiving = ClientId::from_public_key(bytes_of("aggregator"));
const Topic kNetwork{"anything", Digest{}, "network"};

class FetchTest : public testing::Test {
 protected:
  FetchTest() { start(); }

  void start() {
    core_.emplace(kFetching, "client", store_, Random(3), Timing{}, PartSizes{.inline_bytes = 100, .part_bytes = 50});
    for (const protocol::Body& body : perform(core_->tick(now_)))
      if (const auto* hello = std::get_if<protocol::Hello>(&body))
        hear(protocol::Welcome{kGiving, Revision{9}, {}, {}, 5, hello->conversation, true});
  }
  std::vector<protocol::Body> perform(const Effects& effects) {
    store_.commit(effects.writes);
    std::vector<protocol::Body> bodies;
    for (const protocol::Message& message : effects.messages) bodies.push_back(message.body);
    return bodies;
  }
  std::vector<protocol::Body> hear(protocol::Body body) {
    return perform(core_->receive({kFetching, std::move(body)}, now_));
  }
  static Knowledge knowledge_of(const Bytes& content, std::uint64_t revision) {
    return {Revision{}, Revision{revision}, {KnowledgeEntry{kNetwork, {}, Digest::of(content), content.size()}}};
  }
  // Answers what is asked of `content`, `most` parts, and returns how many were asked for.
  std::size_t serve(const Bytes& content, std::vector<protocol::Body> asked, std::size_t most) {
    std::size_t served = 0;
    while (!asked.empty() && served < most) {
      const protocol::Body body = asked.front();
      asked.erase(asked.begin());
      const auto* want = std::get_if<WantBlob>(&body);
      if (want == nullptr) continue;
      EXPECT_EQ(want->blob, Digest::of(content));
      const std::size_t size = std::min<std::size_t>(want->length, content.size() - want->offset);
      ++served;
      for (protocol::Body& more : hear(BlobChunk{want->blob, want->offset, content.size(),
                                                 to_bytes(ByteView(content).subspan(want->offset, size))}))
        asked.push_back(std::move(more));
    }
    return served;
  }
  std::size_t parts_stored() const {
    std::size_t count = 0;
    store_.scan(Column::parts, {}, [&](ByteView, ByteView) { ++count; });
    return count;
  }

  MemoryStore store_;
  std::optional<Core> core_;
  Instant now_{0};
  const Bytes first_ = Bytes(1000, 1);
  const Bytes second_ = Bytes(1000, 2);
};

TEST_F(FetchTest, TheReplicaMovesWhenAllIsThere) {
  EXPECT_EQ(serve(first_, hear(knowledge_of(first_, 9)), 19), 19U);
  EXPECT_EQ(core_->replica(), Revision{0});
  EXPECT_EQ(known(store_, kNetwork), std::nullopt);
  now_ += Instant{1000};
  EXPECT_EQ(serve(first_, perform(core_->tick(now_)), 19), 1U);
  EXPECT_EQ(core_->replica(), Revision{9});
  EXPECT_EQ(known(store_, kNetwork), first_);
}

TEST_F(FetchTest, TheLastPartMayComeWhileItLooksForItsAggregator) {
  EXPECT_EQ(serve(first_, hear(knowledge_of(first_, 9)), 19), 19U);
  now_ += Instant{60'000};
  perform(core_->tick(now_));
  ASSERT_FALSE(core_->connected());
  hear(BlobChunk{Digest::of(first_), 950, first_.size(), Bytes(50, 1)});
  EXPECT_EQ(core_->replica(), Revision{9});
  EXPECT_EQ(known(store_, kNetwork), first_);
}

TEST_F(FetchTest, ARestartGoesOnWithWhatHasCome) {
  serve(first_, hear(knowledge_of(first_, 9)), 12);
  start();
  EXPECT_EQ(serve(first_, hear(knowledge_of(first_, 9)), 99), 8U);
  EXPECT_EQ(core_->replica(), Revision{9});
  EXPECT_EQ(known(store_, kNetwork), first_);
}

TEST_F(FetchTest, WhatIsNotThereAnyMoreIsGivenUpForWhatIs) {
  serve(first_, hear(knowledge_of(first_, 9)), 12);
  hear(BlobChunk{Digest::of(first_), 600, 0, {}});
  EXPECT_GT(serve(second_, hear(knowledge_of(second_, 10)), 99), 0U);
  EXPECT_EQ(core_->replica(), Revision{10});
  EXPECT_EQ(known(store_, kNetwork), second_);
  EXPECT_EQ(parts_stored(), 20U) << "the parts of the first are gone";
}

TEST_F(FetchTest, AReplacedOrWithdrawnPayloadLeavesNothing) {
  serve(first_, hear(knowledge_of(first_, 9)), 99);
  Knowledge next = knowledge_of(second_, 10);
  next.since = Revision{9};
  serve(second_, hear(next), 99);
  EXPECT_EQ(known(store_, kNetwork), second_);
  EXPECT_EQ(parts_stored(), 20U);
  hear(Knowledge{Revision{10}, Revision{11}, {KnowledgeEntry{kNetwork, {}, {}, 0}}});
  EXPECT_EQ(known(store_, kNetwork), std::nullopt);
  EXPECT_EQ(parts_stored(), 0U);
}

TEST_F(FetchTest, AFalsePartIsFoundOutAndFetchedAgain) {
  Bytes damaged = first_;
  damaged[500] = 7;
  std::vector<protocol::Body> asked = hear(knowledge_of(first_, 9));
  for (int i = 0; i < 20; ++i) {
    const auto want = std::get<WantBlob>(asked.at(0));
    asked.erase(asked.begin());
    for (protocol::Body& more :
         hear(BlobChunk{want.blob, want.offset, 1000, to_bytes(ByteView(damaged).subspan(want.offset, 50))}))
      if (std::holds_alternative<WantBlob>(more)) asked.push_back(std::move(more));
  }
  EXPECT_EQ(core_->replica(), Revision{0});
  serve(first_, asked, 99);
  EXPECT_EQ(core_->replica(), Revision{9});
  EXPECT_EQ(known(store_, kNetwork), first_);
}

// Each part costs memory when it is given up, so one byte of a gigabyte would cost all of it.
TEST_F(FetchTest, WhatWouldComeInMorePartsThanAreKeptIsTakenForAbsent) {
  for (const std::uint64_t bytes : {Fetch::kMostParts, Fetch::kMostParts + 1}) {
    start();
    const Digest name = Digest::of(key_of(bytes));
    hear(Knowledge{Revision{}, Revision{9}, {KnowledgeEntry{kNetwork, {}, name, bytes}}});
    const std::size_t before = parts_stored();
    hear(BlobChunk{name, 0, bytes, {1}});
    EXPECT_EQ(parts_stored() - before, bytes > Fetch::kMostParts ? 0U : 1U) << bytes;
  }
}

TEST_F(FetchTest, APartThatFitsIntoNoMessageIsNotSent) {
  const Bytes large(Upload::kMostPartBytes + 100, 1);
  perform(core_->learned({kNetwork, large, to_bytes("memory")}, now_));
  const auto offer = std::get<protocol::Offer>(perform(core_->tick(now_)).at(0));
  const auto parts_for = [&](std::uint64_t part_bytes) {
    const auto size = static_cast<std::uint32_t>(part_bytes);
    return hear(protocol::Held{offer.contribution, 0, size, 4, offer.attempt, true, false});
  };
  for (const std::uint64_t part_bytes : {std::uint64_t{UINT32_MAX}, Upload::kMostPartBytes + 1})
    for (const protocol::Body& body : parts_for(part_bytes))
      EXPECT_FALSE(std::holds_alternative<protocol::PayloadPart>(body)) << part_bytes;
  const auto parts = parts_for(Upload::kMostPartBytes);
  ASSERT_FALSE(parts.empty());
  EXPECT_EQ(std::get<protocol::PayloadPart>(parts.at(0)).content.size(), Upload::kMostPartBytes);
  EXPECT_NO_THROW(protocol::encode({kFetching, parts.at(0)}));
}

TEST_F(FetchTest, ALargeLessonIsOfferedAndItsPartsFollowWhatIsHeld) {
  perform(core_->learned({kNetwork, first_, to_bytes("memory")}, now_));
  const auto offered = perform(core_->tick(now_));
  const auto offer = std::get<protocol::Offer>(offered.at(0));
  EXPECT_EQ(offer.bytes, 1000U);
  EXPECT_TRUE(offer.header.payload.empty());
  const auto parts = hear(protocol::Held{offer.contribution, 320, 64, 4, offer.attempt, true, false});
  ASSERT_FALSE(parts.empty());
  EXPECT_LE(parts.size(), 4U);
  EXPECT_EQ(std::get<protocol::PayloadPart>(parts.at(0)).offset, 320U);
  EXPECT_EQ(std::get<protocol::PayloadPart>(parts.at(0)).content, Bytes(64, 1));
  hear(protocol::Accepted{{offer.contribution}, Revision{10}});
  EXPECT_EQ(core_->undecided(), 0U);
  EXPECT_EQ(parts_stored(), 20U) << "kept to be offered again";
}

TEST_F(FetchTest, AnAggregatorOfBeforeGetsItWhole) {
  core_.emplace(kFetching, "client", store_, Random(3), Timing{}, PartSizes{.inline_bytes = 100, .part_bytes = 50});
  const auto hello = std::get<protocol::Hello>(perform(core_->tick(now_)).at(0));
  hear(protocol::Welcome{kGiving, Revision{}, {}, {}, 5, hello.conversation, false});
  perform(core_->learned({kNetwork, first_, to_bytes("memory")}, now_));
  const auto said = perform(core_->tick(now_));
  EXPECT_EQ(std::get<protocol::Contribute>(said.at(0)).contributions.at(0).payload, first_);
}

}  // namespace
}  // namespace outrider::client
