#include "client/core/outbox.h"

#include <gtest/gtest.h>

#include "knowledge/invariant.h"
#include "storage/memory_store.h"

namespace outrider::client {
namespace {

class OutboxTest : public testing::Test {
 protected:
  ClientId self_ = ClientId::from_public_key(bytes_of("me"));
  MemoryStore store_;
  Outbox outbox_{self_, store_};

  void add(const std::string& subject, std::uint8_t payload) {
    store_.commit(outbox_.add({"prototype", Digest{}, subject}, Revision{}, {payload}));
  }
  bool decide(bool accepted = true) {
    const WriteSet writes = outbox_.decided(outbox_.next_batch(0).front().id(), accepted);
    store_.commit(writes);
    return !writes.empty();
  }
  std::vector<std::uint64_t> numbers(const Outbox& outbox) const {
    std::vector<std::uint64_t> result;
    for (const Contribution& contribution : outbox.next_batch(1 << 20)) result.push_back(number(contribution.sequence));
    return result;
  }
  std::size_t stored() const {
    std::size_t count = 0;
    store_.scan(Column::contributions, {}, [&](ByteView, ByteView) { ++count; });
    return count;
  }
};

TEST_F(OutboxTest, NumbersWithoutGapsAndSurvivesARestart) {
  add("a", 1);
  add("b", 2);
  decide();
  add("c", 3);
  EXPECT_EQ(numbers(outbox_), (std::vector<std::uint64_t>{2, 3}));
  const Outbox restarted(self_, store_);
  EXPECT_EQ(restarted.next_batch(1 << 20), outbox_.next_batch(1 << 20));
  EXPECT_EQ(restarted.highest_decided(), SequenceNumber{1});
  EXPECT_EQ(restarted.last(), SequenceNumber{3});
}

TEST_F(OutboxTest, OnlyTheFirstUndecidedCanBeDecided) {
  add("a", 1);
  add("b", 2);
  const Digest second = outbox_.next_batch(1 << 20).back().id();
  EXPECT_TRUE(outbox_.decided(second, true).empty());
  EXPECT_TRUE(outbox_.decided(Digest::of(bytes_of("an echo")), true).empty());
  EXPECT_EQ(outbox_.undecided(), 2U);
}

TEST_F(OutboxTest, KeepsTheLatestOfEachTopicOnly) {
  add("a", 1);
  decide();
  add("a", 2);
  decide();
  EXPECT_EQ(stored(), 1U);
  add("b", 3);
  decide(false);  // refused: nothing to offer again
  EXPECT_EQ(stored(), 1U);
}

TEST_F(OutboxTest, OffersAgainWhatTheAggregatorHasLost) {
  add("a", 1);
  decide();
  add("a", 2);
  decide();
  add("b", 3);
  decide();
  add("c", 4);
  store_.commit(outbox_.offer_again(SequenceNumber{0}));
  const auto offered = outbox_.next_batch(1 << 20);
  ASSERT_EQ(offered.size(), 3U);
  EXPECT_EQ(numbers(outbox_), (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(offered[0].payload, Bytes{2});
  EXPECT_EQ(offered[2].payload, Bytes{4});
  EXPECT_EQ(Outbox(self_, store_).next_batch(1 << 20), offered);
}

TEST_F(OutboxTest, FollowsAnAggregatorThatHasSeenMore) {
  add("a", 1);
  decide();
  add("b", 2);
  store_.commit(outbox_.renumber(SequenceNumber{9}));
  EXPECT_EQ(numbers(outbox_), (std::vector<std::uint64_t>{10}));
  const Outbox restarted(self_, store_);
  EXPECT_EQ(numbers(restarted), (std::vector<std::uint64_t>{10}));
  EXPECT_EQ(restarted.highest_decided(), SequenceNumber{9});
}

TEST_F(OutboxTest, WhatNobodyAnswersForLongIsBounded) {
  add("a", 1);
  decide();
  for (std::size_t i = 0; i < Outbox::kMostUndecided; ++i) add(i % 2 == 0 ? "a" : "b", static_cast<std::uint8_t>(i));
  EXPECT_EQ(outbox_.undecided(), Outbox::kMostUndecided);
  add("c", 7);  // one above it: the latest of each topic stay, and what is new
  ASSERT_EQ(numbers(outbox_), (std::vector<std::uint64_t>{2, 3, 4}));
  const auto waiting = outbox_.next_batch(1 << 20);
  EXPECT_EQ(waiting[0].topic.subject, "a");
  EXPECT_EQ(waiting[0].payload, Bytes{static_cast<std::uint8_t>(Outbox::kMostUndecided - 2)});
  EXPECT_EQ(waiting[1].payload, Bytes{static_cast<std::uint8_t>(Outbox::kMostUndecided - 1)});
  EXPECT_EQ(waiting[2].payload, Bytes{7});
  EXPECT_EQ(stored(), 4U);
  EXPECT_EQ(Outbox(self_, store_).next_batch(1 << 20), waiting);
}

TEST_F(OutboxTest, AsManyTopicsAsThereAreMayWait) {
  const std::size_t topics = 2 * Outbox::kMostUndecided;
  for (std::size_t i = 0; i < topics; ++i) add(std::to_string(i), 1);
  EXPECT_EQ(outbox_.undecided(), topics);
  for (std::size_t i = 0; i < 2 * topics; ++i) add(std::to_string(i % topics), 2);
  EXPECT_LE(outbox_.undecided(), 2 * topics);
}

TEST_F(OutboxTest, WhoSetsDecisionsBackIsStopped) {
  add("a", 1);
  decide();
  EXPECT_THROW(outbox_.renumber(SequenceNumber{0}), BrokenInvariant);
  EXPECT_EQ(Outbox(self_, store_).highest_decided(), SequenceNumber{1});
}

TEST_F(OutboxTest, BatchesAreBoundedButNeverEmpty) {
  for (std::uint8_t i = 0; i < 20; ++i) add(std::string(1, static_cast<char>('a' + i)), i);
  EXPECT_EQ(outbox_.next_batch(0).size(), 1U);
  EXPECT_LT(outbox_.next_batch(1000).size(), 20U);
  EXPECT_EQ(outbox_.next_batch(1 << 20).size(), 20U);
}

}  // namespace
}  // namespace outrider::client
