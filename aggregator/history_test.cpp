// What later contributions have replaced takes no more room than it may, and nothing else changes.
#include "aggregator/history.h"

#include <gtest/gtest.h>

#include "aggregator/test_core.h"
#include "knowledge/error.h"

namespace outrider::aggregator {
namespace {

// Payloads in parts or not.
class HistoryTest : public testing::TestWithParam<bool>, protected DrivenCore {
 protected:
  Limits limits(std::uint64_t bytes) const {
    Limits limits;
    limits.history = {.bytes = bytes};
    if (GetParam()) limits.inline_bytes = 16;
    limits.uploads.part_bytes = 16;
    return limits;
  }
  void open(std::uint64_t bytes) { begin(limits(bytes)); }
  void begin(const Limits& limits) {
    start(limits);
    receive(ann_, protocol::Hello{"ann", {}});
  }
  Contribution said(std::uint64_t sequence, const std::string& subject = "bag") const {
    return {ann_, SequenceNumber{sequence}, Revision{}, class_called(subject),
            encode(ClassState{1, {static_cast<float>(sequence), 0}, {}})};
  }
  // Whether it was accepted.
  bool say(const Contribution& contribution) {
    const auto answers = receive(ann_, protocol::Contribute{{contribution}});
    perform(core_->tick(now_ += Instant{1000}));
    return answers.size() == 1 && std::holds_alternative<protocol::Accepted>(answers[0].body);
  }
  // The sequence numbers of what is still there with its payload.
  std::vector<std::uint64_t> kept() const {
    std::vector<std::uint64_t> numbers;
    std::size_t parts_of_them = 0;
    store_.scan(Column::contributions, {}, [&](ByteView, ByteView value) {
      const Decision decision = decode_decision(value);
      EXPECT_TRUE(decision.is_accepted());
      if (decision.dropped) return;
      numbers.push_back(number(whole(decision, store_).sequence));
      if (decision.large) parts_of_them += decision.large->parts();
    });
    std::size_t parts = 0;
    store_.scan(Column::parts, {}, [&](ByteView, ByteView) { ++parts; });
    EXPECT_EQ(parts, parts_of_them);
    return numbers;
  }

  using Numbers = std::vector<std::uint64_t>;
  const std::uint64_t payload_ = said(1).payload.size();
};

TEST_P(HistoryTest, IsKeptWholeWhereNothingElseIsSaid) {
  begin(GetParam() ? limits(UINT64_MAX) : Limits{});
  for (std::uint64_t i = 1; i <= 5; ++i) ASSERT_TRUE(say(said(i)));
  EXPECT_EQ(kept(), (Numbers{1, 2, 3, 4, 5}));
}

TEST_P(HistoryTest, LosesTheOldestPayloadsFirstAndNeverWhatCounts) {
  open(2 * payload_);
  ASSERT_TRUE(say(said(1, "shoe")));
  for (std::uint64_t i = 2; i <= 6; ++i) ASSERT_TRUE(say(said(i)));
  EXPECT_EQ(kept(), (Numbers{1, 4, 5, 6}));
  ASSERT_TRUE(say(said(7, "shoe")));
  EXPECT_EQ(kept(), (Numbers{4, 5, 6, 7})) << "what was said in the earliest revision is the oldest";
}

TEST_P(HistoryTest, IsBoundedInNumberToo) {
  Limits few = limits(HistoryLimits::kDefaultBytes);
  few.history.payloads = 2;
  begin(few);
  for (std::uint64_t i = 1; i <= 3; ++i) ASSERT_TRUE(say(said(i)));
  EXPECT_EQ(kept(), (Numbers{1, 2, 3}));
  ASSERT_TRUE(say(said(4)));
  EXPECT_EQ(kept(), (Numbers{2, 3, 4}));
}

TEST_P(HistoryTest, OfMuchIsDroppedSomeAtATime) {
  open(HistoryLimits::kUnlimited);
  for (std::uint64_t i = 1; i <= 2500; ++i) ASSERT_TRUE(say(said(i)));
  open(0);
  perform(core_->tick(now_));
  EXPECT_GT(kept().size(), 1U);
  for (int tick = 0; tick < 5 && core_->deadline() <= now_; ++tick) perform(core_->tick(now_));
  EXPECT_EQ(kept(), Numbers{2500});
}

TEST_P(HistoryTest, IsDroppedWithoutATraceInWhatIsKnown) {
  open(0);
  for (std::uint64_t i = 1; i <= 4; ++i) ASSERT_TRUE(say(said(i)));
  EXPECT_EQ(kept(), Numbers{4});
  const Digest knowledge = core_->knowledge_digest();
  EXPECT_EQ(core_->knowledge().entries.size(), 1U);
  open(0);
  EXPECT_EQ(core_->knowledge_digest(), knowledge);
  EXPECT_TRUE(say(said(2))) << "a repeat of what is dropped is acknowledged as before";
  EXPECT_TRUE(say(said(5)));
  EXPECT_EQ(kept(), Numbers{5});
}

TEST_P(HistoryTest, TakesInWhatWasWithdrawn) {
  open(0);
  ASSERT_TRUE(say(said(1)));
  Contribution nothing = said(2);
  nothing.payload.clear();
  ASSERT_TRUE(say(nothing));
  EXPECT_EQ(kept(), Numbers{2});
  open(0);
  EXPECT_TRUE(core_->knowledge().entries.empty() || core_->knowledge().entries[0].payload.empty());
}

TEST_P(HistoryTest, OfAnEarlierRunCountsToo) {
  open(UINT64_MAX - 1);
  for (std::uint64_t i = 1; i <= 5; ++i) ASSERT_TRUE(say(said(i)));
  open(payload_);
  perform(core_->tick(now_));
  EXPECT_EQ(kept(), (Numbers{4, 5}));
}

TEST_P(HistoryTest, IsNotReadAtTheStart) {
  open(UINT64_MAX);
  for (std::uint64_t i = 1; i <= 3; ++i) ASSERT_TRUE(say(said(i)));
  const Digest knowledge = core_->knowledge_digest();
  WriteSet damage;
  store_.scan(Column::contributions, {}, [&](ByteView, ByteView value) {
    const Decision decision = decode_decision(value);
    if (decision.large && decision.accepted->sequence != SequenceNumber{3}) erase_parts(*decision.large, damage);
  });
  store_.commit(damage);
  open(UINT64_MAX);
  EXPECT_EQ(core_->knowledge_digest(), knowledge);
}

// Whoever has tampered with the state, or lost a part of it, is told.
TEST_P(HistoryTest, ThatLacksWhatCountsIsRefused) {
  open(0);
  ASSERT_TRUE(say(said(1)));
  Decision decision = decode_decision(*store_.get(Column::contributions, decision_key(ann_, SequenceNumber{1})));
  decision.accepted = header_of(*decision.accepted);
  decision.large.reset();
  decision.dropped = true;
  WriteSet damage;
  damage.put(Column::contributions, decision_key(ann_, SequenceNumber{1}), encode(decision));
  store_.commit(damage);
  EXPECT_THROW(open(0), InputError);
}

INSTANTIATE_TEST_SUITE_P(Payloads, HistoryTest, ::testing::Bool(),
                         [](const auto& in_parts) { return in_parts.param ? "InParts" : "Whole"; });

}  // namespace
}  // namespace outrider::aggregator
