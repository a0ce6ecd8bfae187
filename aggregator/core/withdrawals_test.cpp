// Taking back: what was never said leaves nothing, and what nobody says any more is forgotten in time.
#include <gtest/gtest.h>

#include "aggregator/core/test_core.h"

namespace outrider::aggregator {
namespace {

class WithdrawalsTest : public testing::Test, protected DrivenCore {
 protected:
  WithdrawalsTest() { open(); }

  void open() { start(limits_); }
  Contribution said(const ClientId& by, std::uint64_t sequence, std::size_t i) const {
    return {by, SequenceNumber{sequence}, {}, topic(i), encode(ClassState{1, {1, 2}, {}})};
  }
  Contribution taken_back(const ClientId& by, std::uint64_t sequence, std::size_t i) const {
    return {by, SequenceNumber{sequence}, {}, topic(i), {}};
  }
  bool is_accepted(const ClientId& from, const Contribution& contribution) {
    const auto answers = hear(from, protocol::Contribute{{contribution}});
    const auto* accepted = answers.size() == 1 ? std::get_if<protocol::Accepted>(answers.data()) : nullptr;
    return accepted != nullptr && accepted->contributions == std::vector{contribution.id()};
  }
  std::size_t stored(Column column) const {
    std::size_t bytes = 0;
    store_.scan(column, {}, [&](ByteView key, ByteView value) { bytes += key.size() + value.size(); });
    return bytes;
  }
  template <typename Answer>
  Answer ask(const ClientId& from, protocol::Body body) {
    const auto answers = hear(from, std::move(body));
    EXPECT_FALSE(answers.empty());
    return std::get<Answer>(answers.at(0));
  }

  Limits limits_;
};

TEST_F(WithdrawalsTest, OfWhatWasNeverSaidAreDecidedAndLeaveNothing) {
  for (const ClientId& client : {ann_, bob_}) hear(client, protocol::Hello{"somebody", {}});
  ASSERT_TRUE(is_accepted(bob_, said(bob_, 1, 3)));
  ASSERT_TRUE(is_accepted(ann_, taken_back(ann_, 1, 0)));
  const std::size_t decisions = stored(Column::contributions);
  const std::size_t clients = stored(Column::clients);
  const Revision revision = core_->revision();
  const Digest knowledge = core_->knowledge_digest();
  for (std::uint64_t i = 2; i <= 2000; ++i) {
    ASSERT_TRUE(is_accepted(ann_, taken_back(ann_, i, i % 5)));  // also what bob alone has said
    EXPECT_TRUE(notices_.empty());
  }
  EXPECT_EQ(stored(Column::contributions), decisions);
  EXPECT_EQ(stored(Column::clients), clients);
  EXPECT_EQ(core_->revision(), revision);
  EXPECT_EQ(core_->knowledge_digest(), knowledge);
  open();
  EXPECT_TRUE(is_accepted(ann_, taken_back(ann_, 7, 2))) << "a repeat is acknowledged";
  EXPECT_EQ(ask<protocol::Welcome>(ann_, protocol::Hello{"ann", {}}).highest_decided, SequenceNumber{2000});
  EXPECT_FALSE(is_accepted(ann_, said(ann_, 7, 2))) << "the number is used up";
  EXPECT_TRUE(is_accepted(ann_, said(ann_, 2001, 2)));
}

TEST_F(WithdrawalsTest, OfWhatWasSaidReachWhoHasIt) {
  for (const ClientId& client : {ann_, bob_}) hear(client, protocol::Hello{"somebody", {}});
  ASSERT_TRUE(is_accepted(ann_, said(ann_, 1, 0)));
  const Revision before = core_->revision();
  ASSERT_TRUE(is_accepted(ann_, taken_back(ann_, 2, 0)));
  ASSERT_TRUE(is_accepted(ann_, taken_back(ann_, 3, 0)));
  for (int start = 0; start < 2; ++start) {
    const auto knowledge = ask<protocol::Knowledge>(bob_, protocol::Want{before, true, true});
    ASSERT_EQ(knowledge.entries.size(), 1U);
    EXPECT_TRUE(knowledge.entries[0].payload.empty());
    open();
    hear(bob_, protocol::Hello{"bob", before});
  }
}

// Six messages of a client to a program of before.
TEST_F(WithdrawalsTest, OfWhatWasNeverSaidThatAStateHasOnRecordAreNoKnowledge) {
  hear(ann_, protocol::Hello{"ann", {}});
  ASSERT_TRUE(is_accepted(ann_, said(ann_, 1, 0)));
  WriteSet writes;
  constexpr std::uint64_t kMany = 65'542;
  for (std::uint64_t i = 2; i <= kMany; ++i) {
    Decision decision;
    decision.accepted = taken_back(ann_, i, i);
    decision.id = decision.accepted->id();
    decision.revision = next(core_->revision());
    writes.put(Column::contributions, decision_key(ann_, SequenceNumber{i}), encode(decision));
  }
  writes.put(Column::clients, to_bytes(ann_.view()), encode(ClientRecord{"ann", SequenceNumber{kMany}, {}}));
  writes.put(Column::meta, to_bytes("revision"), key_of(number(core_->revision()) + 1));
  store_.commit(writes);
  open();
  EXPECT_EQ(core_->knowledge().entries.size(), 1U);
  hear(bob_, protocol::Hello{"bob", {}});
  EXPECT_EQ(ask<protocol::Knowledge>(bob_, protocol::Want{}).through, core_->revision());
  EXPECT_TRUE(is_accepted(ann_, taken_back(ann_, kMany, kMany)));
  EXPECT_TRUE(is_accepted(ann_, said(ann_, kMany + 1, 7)));
}

// Whose replica is from before what has been forgotten cannot be told of it.
TEST_F(WithdrawalsTest, AreForgottenOldestFirstAndOlderReplicasBeginAnew) {
  limits_.catalogue.withdrawn = 3;
  open();
  for (const ClientId& client : {ann_, bob_}) hear(client, protocol::Hello{"somebody", {}});
  std::uint64_t sequence = 0;
  for (std::size_t i = 0; i < 5; ++i) ASSERT_TRUE(is_accepted(ann_, said(ann_, ++sequence, i)));
  const Revision old = core_->revision();
  for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(is_accepted(ann_, taken_back(ann_, ++sequence, i)));
  EXPECT_EQ(ask<protocol::Knowledge>(bob_, protocol::Want{old}).entries.size(), 3U);
  const Revision newer = core_->revision();
  ASSERT_TRUE(is_accepted(ann_, taken_back(ann_, ++sequence, 3)));
  EXPECT_EQ(core_->knowledge().entries.size(), 4U);
  EXPECT_EQ(ask<protocol::Knowledge>(bob_, protocol::Want{newer}).entries.size(), 1U);
  for (int start = 0; start < 2; ++start) {
    EXPECT_EQ(ask<protocol::Announce>(bob_, protocol::Want{old}).aggregator, ClientId{});
    EXPECT_EQ(ask<protocol::Welcome>(bob_, protocol::Hello{"bob", old}).revision, Revision{});
    const auto knowledge = ask<protocol::Knowledge>(bob_, protocol::Want{});
    EXPECT_EQ(knowledge.through, core_->revision());
    EXPECT_EQ(ask<protocol::Welcome>(bob_, protocol::Hello{"bob", knowledge.through}).revision, core_->revision());
    open();
  }
}

// Else nobody who reads slowly would ever get to the end.
TEST_F(WithdrawalsTest, WhoHasBegunAnewGoesOnWithIt) {
  limits_.catalogue.withdrawn = 1;
  limits_.knowledge_entries = 1;
  open();
  for (const ClientId& client : {ann_, bob_}) hear(client, protocol::Hello{"somebody", {}});
  std::uint64_t sequence = 0;
  for (std::size_t i = 0; i < 8; ++i) ASSERT_TRUE(is_accepted(ann_, said(ann_, ++sequence, i)));
  for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(is_accepted(ann_, taken_back(ann_, ++sequence, i)));
  Revision replica{};
  for (int page = 0; replica < core_->revision() && page < 20; ++page)
    replica = ask<protocol::Knowledge>(bob_, protocol::Want{replica, true, true}).through;
  EXPECT_EQ(replica, core_->revision());
}

TEST_F(WithdrawalsTest, MakeRoomForOtherTopics) {
  limits_.catalogue.client_topics = 2;
  limits_.catalogue.topics = 3;
  open();
  for (const ClientId& client : {ann_, bob_}) hear(client, protocol::Hello{"somebody", {}});
  ASSERT_TRUE(is_accepted(ann_, said(ann_, 1, 0)));
  ASSERT_TRUE(is_accepted(ann_, said(ann_, 2, 1)));
  const auto own = ask<protocol::Refused>(ann_, protocol::Contribute{{said(ann_, 3, 2)}});
  EXPECT_TRUE(own.permanent);
  EXPECT_NE(own.reason.find("already teaches 2 topics"), std::string::npos) << own.reason;
  EXPECT_TRUE(is_accepted(ann_, said(ann_, 4, 1))) << "what it teaches already is no further topic";
  ASSERT_TRUE(is_accepted(bob_, said(bob_, 1, 2)));
  EXPECT_NE(ask<protocol::Refused>(bob_, protocol::Contribute{{said(bob_, 2, 3)}}).reason.find("already 3 topics"),
            std::string::npos);
  ASSERT_TRUE(is_accepted(bob_, said(bob_, 3, 1)));
  ASSERT_TRUE(is_accepted(ann_, taken_back(ann_, 5, 0)));
  EXPECT_TRUE(is_accepted(ann_, said(ann_, 6, 3)));
}

}  // namespace
}  // namespace outrider::aggregator
