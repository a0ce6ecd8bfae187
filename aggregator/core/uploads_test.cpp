// Contributions that come in parts: they resume, count once, and nobody gains anything by false ones.
#include "aggregator/core/uploads.h"

#include <gtest/gtest.h>

#include "aggregator/core/core.h"
#include "learners/prototypical/class_state.h"
#include "learners/prototypical/merge.h"
#include "storage/memory_store.h"

namespace outrider::aggregator {
namespace {

using protocol::Accepted;
using protocol::Held;
using protocol::Offer;
using protocol::PayloadPart;
using protocol::Refused;

constexpr std::size_t kPart = 16;

std::vector<std::unique_ptr<Family>> prototypes_of_two() {
  std::vector<std::unique_ptr<Family>> result;
  result.push_back(std::make_unique<PrototypicalFamily>([](ByteView) { return std::size_t{2}; }));
  return result;
}

Limits limits_of_the_test() {
  Limits limits;
  limits.inline_bytes = kPart;
  limits.payload_bytes = 1000;
  limits.uploads = {.part_bytes = kPart,
                    .window = 4,
                    .unfinished_bytes = 200,
                    .patience = Instant{100'000},
                    .patience_when_full = Instant{10'000}};
  return limits;
}

class UploadsTest : public testing::Test {
 protected:
  UploadsTest() {
    store_.commit(core_->publish(definition_, {}).writes);
    for (const ClientId& client : {ann_, bob_}) hear(client, protocol::Hello{"somebody", {}});
  }

  std::vector<protocol::Body> hear(const ClientId& from, protocol::Body body) {
    const Effects effects = core_->receive({from, std::move(body)}, now_);
    store_.commit(effects.writes);
    std::vector<protocol::Body> bodies;
    for (const protocol::Message& message : effects.messages) bodies.push_back(message.body);
    return bodies;
  }
  template <typename Answer>
  Answer ask(const ClientId& from, protocol::Body body) {
    const auto answers = hear(from, std::move(body));
    EXPECT_EQ(answers.size(), 1U);
    EXPECT_TRUE(!answers.empty() && std::holds_alternative<Answer>(answers[0])) << answers.at(0).index();
    return std::get<Answer>(answers.at(0));
  }
  void restart() { core_ = std::make_unique<Core>(self_, store_, prototypes_of_two(), limits_of_the_test()); }

  Contribution contribution(const ClientId& client, std::uint64_t sequence = 1, float x = 1) const {
    return {client,
            SequenceNumber{sequence},
            Revision{},
            {std::string(kPrototypeKind), Digest::of(definition_), "bag"},
            encode(ClassState{1, {x, 0}, {}})};
  }
  static Offer offer_of(const Contribution& whole, std::uint64_t attempt = 1) {
    Offer offer{whole.id(), whole, whole.payload.size(), attempt};
    offer.header.payload.clear();
    return offer;
  }
  static PayloadPart part_of(const Contribution& whole, std::uint64_t offset, const Digest& id) {
    const std::size_t size = std::min<std::size_t>(kPart, whole.payload.size() - offset);
    return {id, offset, 1, to_bytes(ByteView(whole.payload).subspan(offset, size))};
  }
  void send_all(const ClientId& from, const Contribution& whole) {
    for (std::size_t offset = 0; offset < whole.payload.size(); offset += kPart)
      hear(from, part_of(whole, offset, whole.id()));
  }
  std::size_t parts_stored() const {
    std::size_t count = 0;
    store_.scan(Column::parts, {}, [&](ByteView, ByteView) { ++count; });
    return count;
  }

  const Bytes definition_{1, 2, 3};
  ClientId self_ = ClientId::from_public_key(bytes_of("aggregator"));
  ClientId ann_ = ClientId::from_public_key(bytes_of("ann"));
  ClientId bob_ = ClientId::from_public_key(bytes_of("bob"));
  MemoryStore store_;
  std::unique_ptr<Core> core_ = std::make_unique<Core>(self_, store_, prototypes_of_two(), limits_of_the_test());
  Instant now_{1000};
};

TEST_F(UploadsTest, WhatComesInPartsIsDecidedAsIfItHadComeWhole) {
  const Contribution whole = contribution(ann_);
  EXPECT_EQ(ask<Held>(ann_, offer_of(whole)).bytes, 0U);
  send_all(ann_, whole);
  EXPECT_EQ(core_->knowledge().entries.size(), 0U);
  EXPECT_EQ(ask<Accepted>(ann_, offer_of(whole)).contributions, std::vector<Digest>{whole.id()});
  EXPECT_EQ(ask<Accepted>(ann_, offer_of(whole)).contributions, std::vector<Digest>{whole.id()});
  EXPECT_EQ(ask<Accepted>(ann_, protocol::Contribute{{whole}}).contributions, std::vector<Digest>{whole.id()});
  const Digest knowledge = core_->knowledge_digest();
  restart();
  EXPECT_EQ(core_->knowledge_digest(), knowledge);
  MemoryStore other_store;
  Core other(self_, other_store, prototypes_of_two());
  other_store.commit(other.publish(definition_, {}).writes);
  other.receive({ann_, protocol::Hello{"somebody", {}}}, now_);
  other.receive({ann_, protocol::Contribute{{whole}}}, now_);
  EXPECT_EQ(other.knowledge_digest(), knowledge);
}

TEST_F(UploadsTest, ARestartGoesOnWithWhatWasDurable) {
  const Contribution whole = contribution(ann_);
  hear(ann_, offer_of(whole));
  hear(ann_, part_of(whole, 0, whole.id()));
  hear(ann_, part_of(whole, kPart, whole.id()));
  restart();
  EXPECT_EQ(ask<Held>(ann_, offer_of(whole)).bytes, 2 * kPart);
}

TEST_F(UploadsTest, AGapIsToldAndARepeatChangesNothing) {
  const Contribution whole = contribution(ann_);
  hear(ann_, offer_of(whole));
  const Held gap = ask<Held>(ann_, part_of(whole, kPart, whole.id()));
  EXPECT_TRUE(gap.lost);
  EXPECT_EQ(gap.bytes, 0U);
  EXPECT_EQ(ask<Held>(ann_, part_of(whole, 0, whole.id())).bytes, kPart);
  const Held repeat = ask<Held>(ann_, part_of(whole, 0, whole.id()));
  EXPECT_EQ(repeat.bytes, kPart);
  EXPECT_FALSE(repeat.lost);
}

TEST_F(UploadsTest, PartsThatDoNotFitAreNotTaken) {
  const Contribution whole = contribution(ann_);
  EXPECT_TRUE(hear(ann_, part_of(whole, 0, whole.id())).empty()) << "it has not been offered";
  hear(ann_, offer_of(whole));
  PayloadPart part = part_of(whole, 0, whole.id());
  part.content.push_back(0);
  EXPECT_EQ(ask<Held>(ann_, part).bytes, 0U);
  part.content.resize(3);
  EXPECT_EQ(ask<Held>(ann_, part).bytes, 0U);
  part.offset = ~std::uint64_t{0};
  EXPECT_EQ(ask<Held>(ann_, part).bytes, 0U);
  EXPECT_TRUE(hear(bob_, part_of(whole, 0, whole.id())).empty()) << "another client's";
  EXPECT_EQ(parts_stored(), 0U);
}

TEST_F(UploadsTest, AFalseDigestIsRefusedForGoodAndLeavesNothing) {
  const Contribution whole = contribution(ann_);
  Offer offer = offer_of(whole);
  offer.contribution = Digest::of(bytes_of("something else"));
  hear(ann_, offer);
  for (std::size_t offset = 0; offset < whole.payload.size(); offset += kPart)
    hear(ann_, part_of(whole, offset, offer.contribution));
  const Refused refused = ask<Refused>(ann_, offer);
  EXPECT_TRUE(refused.permanent);
  EXPECT_NE(refused.reason.find("not the one that was offered"), std::string::npos) << refused.reason;
  EXPECT_EQ(parts_stored(), 0U);
}

TEST_F(UploadsTest, NobodyWritesOverWhatAnotherOrHeHimselfHasTaught) {
  const Contribution whole = contribution(ann_);
  hear(ann_, offer_of(whole));
  send_all(ann_, whole);
  ask<Accepted>(ann_, offer_of(whole));
  const Digest knowledge = core_->knowledge_digest();
  for (const ClientId& liar : {bob_, ann_}) {
    Contribution lie = contribution(liar, liar == ann_ ? 2 : 1, 5);
    Offer offer = offer_of(lie);
    offer.contribution = whole.id();
    ask<Held>(liar, offer);
    for (std::size_t offset = 0; offset < lie.payload.size(); offset += kPart)
      hear(liar, part_of(lie, offset, whole.id()));
    ask<Refused>(liar, offer);
  }
  restart();
  EXPECT_EQ(core_->knowledge_digest(), knowledge);
}

TEST_F(UploadsTest, WhatIsTooLargeOrInAnothersNameIsRefusedBeforeItComes) {
  Offer offer = offer_of(contribution(ann_));
  offer.bytes = 1001;
  EXPECT_NE(ask<Refused>(ann_, offer).reason.find("1001 bytes"), std::string::npos);
  EXPECT_NE(ask<Refused>(bob_, offer).reason.find("the client that it names"), std::string::npos);
  offer = offer_of(contribution(ann_, 2));
  offer.bytes = 0;
  EXPECT_TRUE(ask<Refused>(ann_, offer).permanent);
}

TEST_F(UploadsTest, UnfinishedOnesAreBoundedAndGoWhenNobodyGoesOnWithThem) {
  Offer offer = offer_of(contribution(ann_));
  offer.bytes = 120;
  ask<Held>(ann_, offer);
  EXPECT_EQ(ask<Held>(bob_, offer_of(contribution(bob_))).window, 4U);
  Offer large = offer_of(contribution(bob_, 1, 2));
  large.bytes = 100;
  EXPECT_EQ(ask<Held>(bob_, large).window, 0U) << "there is no room";
  now_ += Instant{20'000};
  EXPECT_EQ(ask<Held>(bob_, large).window, 4U) << "ann has been idle";
  hear(bob_, PayloadPart{large.contribution, 0, 1, Bytes(kPart, 1)});
  EXPECT_EQ(parts_stored(), 1U);
  EXPECT_LE(core_->deadline(), now_ + Instant{100'000});
  now_ += Instant{100'001};
  store_.commit(core_->tick(now_).writes);
  EXPECT_EQ(parts_stored(), 0U);
}

// One part each forty seconds kept the place of a large one for ever.
TEST_F(UploadsTest, TheSlowestLosesItsPlaceWhereThereIsNone) {
  Contribution trickling = contribution(ann_);
  Offer slow = offer_of(trickling);
  slow.bytes = 120;
  ask<Held>(ann_, slow);
  Offer honest = offer_of(contribution(bob_, 1, 2));
  honest.bytes = 100;
  EXPECT_EQ(ask<Held>(bob_, honest).window, 0U) << "it has just begun";
  for (std::uint64_t offset = 0; offset < 2 * kPart; offset += kPart) {
    now_ += Instant{6'000};
    hear(ann_, PayloadPart{slow.contribution, offset, 1, Bytes(kPart, 1)});
  }
  EXPECT_EQ(ask<Held>(bob_, honest).window, 4U);
  hear(bob_, PayloadPart{honest.contribution, 0, 1, Bytes(kPart, 1)});
  EXPECT_EQ(ask<Held>(ann_, slow).window, 0U);
  EXPECT_EQ(parts_stored(), 1U);
}

TEST_F(UploadsTest, OneThatGetsOnKeepsItsPlace) {
  auto limits = limits_of_the_test();
  limits.uploads.slow_bytes_per_second = 1;
  core_ = std::make_unique<Core>(self_, store_, prototypes_of_two(), limits);
  Offer fast = offer_of(contribution(ann_));
  fast.bytes = 120;
  ask<Held>(ann_, fast);
  now_ += Instant{9'000};
  hear(ann_, PayloadPart{fast.contribution, 0, 1, Bytes(kPart, 1)});
  now_ += Instant{2'000};
  Offer other = offer_of(contribution(bob_, 1, 2));
  other.bytes = 100;
  EXPECT_EQ(ask<Held>(bob_, other).window, 0U);
}

TEST_F(UploadsTest, WhatNothingCanBeTaughtOnOrTakesMoreThanItNeedsIsRefusedAtTheOffer) {
  const std::size_t most = most_state_bytes(2);
  Offer offer = offer_of(contribution(ann_));
  offer.bytes = most;
  EXPECT_EQ(ask<Held>(ann_, offer).window, 4U);
  offer.bytes = most + 1;
  const Refused large = ask<Refused>(ann_, offer);
  EXPECT_TRUE(large.permanent);
  EXPECT_NE(large.reason.find("takes at most " + std::to_string(most)), std::string::npos) << large.reason;
  offer = offer_of(contribution(ann_, 2));
  offer.header.topic.space = Digest::of(bytes_of("another"));
  EXPECT_NE(ask<Refused>(ann_, offer).reason.find("can be taught"), std::string::npos);
  offer = offer_of(contribution(ann_, 3));
  offer.header.topic.kind = "horoscope";
  EXPECT_NE(ask<Refused>(ann_, offer).reason.find("'horoscope' is unknown here"), std::string::npos);
}

TEST_F(UploadsTest, LargeKnowledgeIsReferredToAndFetchedInParts) {
  hear(ann_, protocol::Contribute{{contribution(ann_)}});
  const auto whole = ask<protocol::Knowledge>(bob_, protocol::Want{}).entries.at(0);
  EXPECT_TRUE(whole.digest.empty()) << "to those who do not know references";
  const auto entry = ask<protocol::Knowledge>(bob_, protocol::Want{Revision{}, true}).entries.at(0);
  EXPECT_TRUE(entry.payload.empty());
  EXPECT_EQ(entry.digest, Digest::of(whole.payload));
  EXPECT_EQ(entry.bytes, whole.payload.size());
  const auto chunk = ask<protocol::BlobChunk>(bob_, protocol::WantBlob{entry.digest, 3, 5});
  EXPECT_EQ(chunk.total, entry.bytes);
  EXPECT_EQ(chunk.content, to_bytes(ByteView(whole.payload).subspan(3, 5)));
}

}  // namespace
}  // namespace outrider::aggregator
