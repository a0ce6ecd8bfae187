// What later contributions have replaced takes no more room than it may, and nothing else changes.
#include "aggregator/core/history.h"

#include <gtest/gtest.h>

#include "aggregator/core/test_core.h"
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

// The decisions themselves: some 300 bytes each, for ever, would fill a disk too.
class RecordsTest : public HistoryTest {
 protected:
  void open_with(std::size_t records, std::size_t refusals = 10'000) {
    Limits few = limits(HistoryLimits::kDefaultBytes);
    few.history.records = records;
    few.history.refusals = refusals;
    begin(few);
  }
  Contribution takes_back(std::uint64_t sequence, const std::string& subject = "bag") const {
    Contribution contribution = said(sequence, subject);
    contribution.payload.clear();
    return contribution;
  }
  Contribution unfit(std::uint64_t sequence) const {
    Contribution contribution = said(sequence);
    contribution.payload = {1, 2, 3};
    return contribution;
  }
  protocol::Body answer(const Contribution& contribution) {
    auto answers = perform(core_->receive({ann_, protocol::Contribute{{contribution}}}, now_));
    perform(core_->tick(now_ += Instant{1000}));
    EXPECT_EQ(answers.size(), 1U);
    return std::move(answers.at(0).body);
  }
  // Whether it is to come again under another number.
  bool is_no_longer_known(const Contribution& contribution) {
    const protocol::Body body = answer(contribution);
    const auto* refused = std::get_if<protocol::Refused>(&body);
    return refused != nullptr && !refused->permanent &&
           refused->reason.find("no longer on record") != std::string::npos;
  }
  bool is_refused(const Contribution& contribution) {
    const protocol::Body body = answer(contribution);
    const auto* refused = std::get_if<protocol::Refused>(&body);
    return refused != nullptr && refused->permanent;
  }
  Numbers on_record() const {
    Numbers numbers;
    store_.scan(Column::contributions, {},
                [&](ByteView key, ByteView) { numbers.push_back(number_in_key(key, ClientId::kSize)); });
    return numbers;
  }
  std::size_t entries_in(Column column) const {
    std::size_t entries = 0;
    store_.scan(column, {}, [&](ByteView, ByteView) { ++entries; });
    return entries;
  }
  protocol::ClientStatus status_of_ann() const { return core_->status(now_).clients.at(0); }
};

TEST_P(RecordsTest, OfWhatIsReplacedAreBounded) {
  open_with(3);
  for (std::uint64_t i = 1; i <= 4; ++i) ASSERT_TRUE(say(said(i)));
  EXPECT_EQ(on_record(), (Numbers{1, 2, 3, 4}));
  ASSERT_TRUE(say(said(5)));
  EXPECT_EQ(on_record(), (Numbers{2, 3, 4, 5}));
  for (std::uint64_t i = 6; i <= 300; ++i) ASSERT_TRUE(say(said(i)));
  EXPECT_EQ(on_record(), (Numbers{297, 298, 299, 300}));
  EXPECT_LE(entries_in(Column::revisions), 6U) << "what a revision took in is forgotten with it";
  EXPECT_LE(entries_in(Column::parts), 4 * ((payload_ + 15) / 16));
  EXPECT_EQ(status_of_ann().accepted, 300U);
}

TEST_P(RecordsTest, OfRefusalsAreBounded) {
  open_with(250'000, 2);
  for (std::uint64_t i = 1; i <= 2; ++i) ASSERT_TRUE(is_refused(unfit(i)));
  EXPECT_EQ(on_record(), (Numbers{1, 2}));
  ASSERT_TRUE(is_refused(unfit(3)));
  EXPECT_EQ(on_record(), (Numbers{2, 3}));
  open_with(250'000, 2);
  EXPECT_EQ(status_of_ann().refused, 3U);
  EXPECT_EQ(status_of_ann().highest_decided, SequenceNumber{3});
  EXPECT_TRUE(is_refused(unfit(3)));
  EXPECT_TRUE(is_no_longer_known(unfit(1)));
  EXPECT_TRUE(is_refused(unfit(4)));
}

TEST_P(RecordsTest, OfRefusalsAreBoundedWhateverElseIsKept) {
  Limits all = limits(HistoryLimits::kUnlimited);
  all.history.records = all.history.refusals = 1;
  begin(all);
  for (std::uint64_t i = 1; i <= 3; ++i) ASSERT_TRUE(say(said(i)));
  for (std::uint64_t i = 4; i <= 6; ++i) ASSERT_TRUE(is_refused(unfit(i)));
  EXPECT_EQ(on_record(), (Numbers{1, 2, 3, 6}));
}

TEST_P(RecordsTest, AreDroppedWithoutATraceInWhatIsKnown) {
  open_with(0);
  ASSERT_TRUE(say(said(1, "shoe")));
  for (std::uint64_t i = 2; i <= 5; ++i) ASSERT_TRUE(say(said(i)));
  EXPECT_EQ(on_record(), (Numbers{1, 5}));
  const Digest knowledge = core_->knowledge_digest();
  const Revision revision = core_->revision();
  open_with(0);
  EXPECT_EQ(core_->knowledge_digest(), knowledge);
  EXPECT_EQ(core_->revision(), revision);
  EXPECT_EQ(status_of_ann().accepted, 5U);
  EXPECT_TRUE(is_no_longer_known(said(3))) << "a repeat is neither counted again nor left without an answer";
  EXPECT_EQ(core_->knowledge_digest(), knowledge);
  EXPECT_TRUE(say(said(5))) << "what counts is acknowledged as before";
  EXPECT_TRUE(say(said(6)));
  EXPECT_EQ(on_record(), (Numbers{1, 6}));
}

// A client that was away must still hear of it, or begin anew.
TEST_P(RecordsTest, OfWhatWasTakenBackAreBoundedToo) {
  open_with(1);
  ASSERT_TRUE(say(said(1)));
  const Revision taught = core_->revision();
  ASSERT_TRUE(say(takes_back(2)));
  const Revision taken_back = core_->revision();
  EXPECT_EQ(on_record(), Numbers{2}) << "it still tells that something was taken back";
  for (int restart = 0; restart < 2; ++restart) {
    open_with(1);
    const auto entries = core_->knowledge().entries;
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_TRUE(entries[0].payload.empty());
  }
  ASSERT_TRUE(say(said(3, "shoe")));
  ASSERT_TRUE(say(takes_back(4, "shoe")));
  EXPECT_EQ(on_record(), Numbers{4});
  const ClientId bob = ClientId::from_public_key(bytes_of("bob"));
  for (int restart = 0; restart < 2; ++restart) {
    const auto welcome = [&](Revision replica) {
      const auto answers = perform(core_->receive({bob, protocol::Hello{"bob", replica, 1}}, now_));
      return std::get<protocol::Welcome>(answers.at(0).body).revision;
    };
    EXPECT_EQ(welcome(taught), Revision{}) << "it is to begin anew";
    EXPECT_EQ(welcome(taken_back), core_->revision());
    open_with(1);
  }
  EXPECT_TRUE(is_no_longer_known(takes_back(2)));
  for (std::uint64_t i = 5; i <= 200; i += 2) {
    ASSERT_TRUE(say(said(i, "class " + std::to_string(i))));
    ASSERT_TRUE(say(takes_back(i + 1, "class " + std::to_string(i))));
  }
  EXPECT_EQ(on_record(), Numbers{200});
  EXPECT_LE(entries_in(Column::revisions), 3U);
}

TEST_P(RecordsTest, OfAClientThatIsForgottenAreBoundedToo) {
  open_with(250'000);
  for (std::uint64_t i = 1; i <= 6; ++i) ASSERT_TRUE(say(said(i, i % 2 == 0 ? "bag" : "shoe")));
  perform(core_->remove(ann_, true, now_));
  EXPECT_EQ(on_record().size(), 6U);
  EXPECT_TRUE(say(said(6))) << "a repeat is acknowledged";
  for (int restart = 0; restart < 2; ++restart) {
    open_with(2);
    perform(core_->tick(now_));
    EXPECT_EQ(on_record(), (Numbers{5, 6})) << "the latest on each topic tells that it was taken back";
    EXPECT_EQ(core_->status(now_).all_topics, 0U);
  }
  EXPECT_TRUE(say(said(7)));
  perform(core_->remove(ann_, true, now_));
  perform(core_->tick(now_));
  EXPECT_EQ(on_record(), (Numbers{6, 7}));
  EXPECT_EQ(core_->status(now_).all_topics, 0U);
}

TEST_P(RecordsTest, OfMuchAreDroppedSomeAtATime) {
  open_with(10'000);
  for (std::uint64_t i = 1; i <= 2500; ++i) ASSERT_TRUE(say(said(i)));
  open_with(3);
  const std::size_t before = on_record().size();
  perform(core_->tick(now_));
  EXPECT_LT(on_record().size(), before);
  EXPECT_GT(on_record().size(), 1000U);
  for (int tick = 0; tick < 5 && core_->deadline() <= now_; ++tick) perform(core_->tick(now_));
  EXPECT_EQ(on_record(), (Numbers{2497, 2498, 2499, 2500}));
}

INSTANTIATE_TEST_SUITE_P(Payloads, RecordsTest, ::testing::Bool(),
                         [](const auto& in_parts) { return in_parts.param ? "InParts" : "Whole"; });
INSTANTIATE_TEST_SUITE_P(Payloads, HistoryTest, ::testing::Bool(),
                         [](const auto& in_parts) { return in_parts.param ? "InParts" : "Whole"; });

}  // namespace
}  // namespace outrider::aggregator
