// Each bound is held to what its limit says, and one above it is seen.
#include "simulations/world/bounds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aggregator/core/decision.h"
#include "learners/prototypical/merge.h"
#include "protocol/codec.h"
#include "simulations/world/ledger.h"
#include "storage/memory_store.h"

namespace outrider::simulations {
namespace {

const ClientId kPeer = ClientId::from_public_key(bytes_of("peer"));

aggregator::Limits low_limits() {
  aggregator::Limits limits;
  limits.knowledge_entries = 3;
  limits.knowledge_bytes = 2'000;
  limits.status_entries = 2;
  limits.chunk_bytes = 100;
  limits.roster = {.clients = 5, .newcomers = 3};
  limits.uploads.part_bytes = 10;
  limits.uploads.unfinished_bytes = 100;
  limits.catalogue.topics = 7;
  limits.history = {.bytes = 50, .payloads = 3};
  return limits;
}

class BoundsTest : public testing::Test {
 protected:
  // The limit that is exceeded; empty: none.
  std::string broken(const aggregator::Effects& effects, const std::map<ClientId, Heard>& heard = {{kPeer, {1, 0}}}) {
    disk_.commit(effects.writes);
    try {
      bounds_.check(effects, heard, disk_, true);
    } catch (const Violation& violation) {
      return violation.what();
    }
    return {};
  }
  static aggregator::Effects says(std::vector<protocol::Body> bodies) {
    aggregator::Effects effects;
    for (protocol::Body& body : bodies) effects.messages.push_back({kPeer, std::move(body)});
    return effects;
  }
  static protocol::Knowledge page(std::size_t entries, std::size_t bytes) {
    protocol::Knowledge page{Revision{1}, Revision{9}, {}, {}, {}};
    for (std::size_t i = 0; i < entries; ++i)
      page.entries.push_back({{"prototype", {}, "class " + std::to_string(i)}, Bytes(bytes, 1), {}, 0});
    return page;
  }
  static ClientId client(std::size_t number) { return ClientId::from_public_key(bytes_of(std::to_string(number))); }
  static aggregator::Effects clients(std::size_t newcomers, std::size_t others) {
    aggregator::Effects effects;
    for (std::size_t i = 0; i < newcomers + others; ++i)
      effects.writes.put(Column::clients, to_bytes(client(i).view()),
                         encode(aggregator::ClientRecord{"client", SequenceNumber{i < newcomers ? 0U : 1U}, {}}));
    return effects;
  }
  static aggregator::Effects said_in_turn(std::size_t times, std::size_t bytes) {
    aggregator::Effects effects;
    for (std::size_t i = 1; i <= times; ++i) {
      aggregator::Decision decision;
      decision.accepted = Contribution{kPeer, SequenceNumber{i}, {}, {"prototype", {}, "bag"}, Bytes(bytes, 1)};
      decision.id = decision.accepted->id();
      decision.revision = Revision{i};
      effects.writes.put(Column::contributions, aggregator::decision_key(kPeer, SequenceNumber{i}), encode(decision));
    }
    return effects;
  }

  MemoryStore disk_;
  Bounds bounds_{low_limits()};
};

TEST_F(BoundsTest, APageOfKnowledgeHasSoManyEntriesAndBytes) {
  EXPECT_EQ(broken(says({page(3, 10)})), "");
  EXPECT_THAT(broken(says({page(4, 10)})), testing::HasSubstr("limits.knowledge_entries allows 3"));
  EXPECT_THAT(broken(says({page(2, 1'000)})), testing::HasSubstr("limits.knowledge_bytes allows 2000"));
  EXPECT_EQ(broken(says({page(1, 3'000)})), "") << "one entry is a page, whatever it takes";
}

TEST_F(BoundsTest, APageOfStatusAndAChunkHaveSoMuch) {
  protocol::Status status;
  status.clients.resize(2);
  EXPECT_EQ(broken(says({status})), "");
  status.clients.resize(3);
  EXPECT_THAT(broken(says({status})), testing::HasSubstr("limits.status_entries allows 2"));
  EXPECT_EQ(broken(says({protocol::BlobChunk{{}, 0, 0, Bytes(100, 1)}})), "");
  EXPECT_THAT(broken(says({protocol::BlobChunk{{}, 0, 0, Bytes(101, 1)}})), testing::HasSubstr("limits.chunk_bytes"));
}

TEST_F(BoundsTest, WhatWaitsForAPeerFollowsFromWhatItAsked) {
  const std::uint64_t most = bounds_.most_waiting({1, 0});
  const std::uint64_t each = protocol::encode({kPeer, page(1, 3'000)}).size();
  const auto answers = [&](std::size_t count) {
    std::vector<protocol::Body> bodies;
    for (std::size_t i = 0; i < count; ++i) bodies.emplace_back(page(1, 3'000));
    return says(std::move(bodies));
  };
  EXPECT_EQ(broken(answers(most / each)), "");
  EXPECT_THAT(broken(answers(most / each + 1)), testing::HasSubstr("what it has asked for allows"));
  EXPECT_EQ(broken(answers(most / each + 1), {{kPeer, {2, 0}}}), "");
}

TEST_F(BoundsTest, TheRosterHasSoManyClientsAndNewcomers) {
  EXPECT_EQ(broken(clients(4, 2)), "");  // one of them is the aggregator itself
  EXPECT_THAT(broken(clients(5, 0)), testing::HasSubstr("limits.roster.newcomers allows 4"));
  EXPECT_THAT(broken(clients(1, 6)), testing::HasSubstr("limits.roster.clients allows 6"));
}

TEST_F(BoundsTest, WhatWasWrittenBeforeCounts) {
  EXPECT_EQ(broken(clients(4, 0)), "");
  aggregator::Effects one_more;
  one_more.writes.put(Column::clients, to_bytes(client(9).view()), encode(aggregator::ClientRecord{"late"}));
  EXPECT_THAT(broken(one_more), testing::HasSubstr("clients on record that never contributed: 5"));
  aggregator::Effects one_less;
  one_less.writes.erase(Column::clients, to_bytes(client(0).view()));
  EXPECT_EQ(broken(one_less), "");
  EXPECT_EQ(broken(clients(0, 1)), "") << "who contributes is no newcomer";
  EXPECT_THAT(broken(clients(1, 0)), testing::HasSubstr("limits.roster.newcomers"));
}

TEST_F(BoundsTest, WhatIsOnTheDiskAfterARestartCounts) {
  EXPECT_EQ(broken(clients(4, 0)), "");
  EXPECT_EQ(broken(said_in_turn(2, 25)), "");
  disk_.commit(clients(5, 0).writes);
  disk_.commit(said_in_turn(5, 25).writes);
  bounds_.start_over();
  EXPECT_THAT(broken({}), testing::HasSubstr("superseded payloads"));
  EXPECT_THAT(broken(clients(1, 0)), testing::HasSubstr("limits.roster.newcomers"));
}

TEST_F(BoundsTest, TheCatalogueHasSoManyTopics) {
  protocol::Status status;
  status.all_topics = 7;
  status.all_clients = 5;
  EXPECT_NO_THROW(bounds_.check_catalogue(status));
  status.all_topics = 8;
  EXPECT_THROW(bounds_.check_catalogue(status), Violation);
  status.all_topics = 7;
  status.all_clients = 6;
  EXPECT_THROW(bounds_.check_catalogue(status), Violation);
}

TEST_F(BoundsTest, SupersededPayloadsTakeSoMuch) {
  EXPECT_EQ(broken(said_in_turn(3, 25)), "");  // two are superseded
  EXPECT_THAT(broken(said_in_turn(4, 25)), testing::HasSubstr("limits.history.bytes allows 50"));
  EXPECT_THAT(broken(said_in_turn(5, 1)), testing::HasSubstr("limits.history.payloads allows 3"));
}

TEST_F(BoundsTest, UnfinishedUploadsReserveSoMuch) {
  aggregator::Uploads uploads(disk_, {.part_bytes = 10, .unfinished_bytes = 1'000});
  const auto offered = [&](std::size_t from, std::uint64_t bytes) {
    const Contribution header{client(from), SequenceNumber{1}, {}, {"prototype", {}, "bag"}, {}};
    aggregator::Effects effects;
    uploads.offered(client(from), {Digest::of(key_of(from)), header, bytes, 1}, Instant{1}, effects.writes);
    return broken(effects);
  };
  EXPECT_EQ(offered(1, 90), "");
  EXPECT_EQ(offered(2, 1), "") << "a part at least";
  EXPECT_THAT(offered(3, 1), testing::HasSubstr("limits.uploads.unfinished_bytes allows 100"));
}

}  // namespace
}  // namespace outrider::simulations
