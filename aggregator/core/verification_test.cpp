// Every kind of damage to an aggregator's state is told, and a state without damage has none.
#include "aggregator/core/verification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aggregator/core/decision.h"
#include "aggregator/core/meta_names.h"
#include "aggregator/core/test_core.h"

namespace outrider::aggregator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class VerificationTest : public ::testing::Test, protected DrivenCore {
 protected:
  // Ann teaches two classes, one of them twice, and one in parts; Bob's lesson is refused.
  VerificationTest() {
    limits_.inline_bytes = 64;
    start(limits_);
    for (const ClientId& client : {ann_, bob_}) receive(client, protocol::Hello{"client", {}});
    teach(ann_, "bag", state(1));
    teach(ann_, "bag", state(2));
    teach(ann_, "coat", state(3));
    teach(bob_, "bag", bytes_of_text("no state"));
  }

  static Bytes bytes_of_text(std::string_view text) { return to_bytes(text); }
  Bytes state(float x) const { return encode(ClassState{3, {x, 1}, {1, 1}}); }
  void teach(const ClientId& client, const std::string& name, Bytes payload) {
    receive(client, protocol::Contribute{{{client, SequenceNumber{++said_[client]}, {}, class_called(name), payload}}});
  }
  Verification look() const {
    std::vector<std::unique_ptr<Family>> families;
    families.push_back(std::make_unique<PrototypicalFamily>([](ByteView) { return std::size_t{2}; }));
    return verify(self_, store_, families);
  }
  std::vector<std::string> damages() const { return look().damages.named(); }
  Bytes key(const ClientId& client, std::uint64_t sequence) const {
    return decision_key(client, SequenceNumber{sequence});
  }
  Decision decision(const Bytes& key) const { return decode_decision(*store_.get(Column::contributions, key)); }
  void put(Column column, Bytes key, Bytes value) {
    WriteSet writes;
    writes.put(column, std::move(key), std::move(value));
    store_.commit(writes);
  }
  void erase(Column column, Bytes key) {
    WriteSet writes;
    writes.erase(column, std::move(key));
    store_.commit(writes);
  }

  Limits limits_;
  std::map<ClientId, std::uint64_t> said_;
};

TEST_F(VerificationTest, AStateThatIsWholeHasNoDamage) {
  const Verification found = look();
  EXPECT_THAT(found.damages.named(), ElementsAre());
  EXPECT_EQ(found.decisions, 4U);
  EXPECT_EQ(found.payloads, 3U);
  EXPECT_EQ(found.clients, 3U) << "the aggregator itself";
  EXPECT_EQ(found.topics, 2U);
  EXPECT_EQ(found.definitions, 1U);
  EXPECT_EQ(found.revision, core_->revision());
  EXPECT_EQ(found.knowledge, core_->knowledge_digest());
}

TEST_F(VerificationTest, WhatTheOperatorHasForgottenIsNoDamage) {
  perform(core_->forget_class("bag", now_).first);
  EXPECT_THAT(damages(), ElementsAre());
  perform(core_->remove(ann_, true, now_));
  EXPECT_THAT(damages(), ElementsAre());
}

TEST_F(VerificationTest, WhatIsDroppedFromHistoryIsNoDamage) {
  limits_.history.bytes = 0;
  limits_.history.records = 0;
  limits_.history.refusals = 0;
  start(limits_);
  for (int i = 0; i < 3; ++i) teach(ann_, "coat", state(4));
  perform(core_->tick(now_ += Instant{100'000}));
  EXPECT_FALSE(store_.get(Column::contributions, key(bob_, 1)).has_value());
  EXPECT_THAT(damages(), ElementsAre());
}

TEST_F(VerificationTest, AContributionThatIsNotWhatWasAcknowledged) {
  Decision other = decision(key(ann_, 3));
  ASSERT_TRUE(other.large.has_value());
  std::optional<Bytes> part = store_.get(Column::parts, part_key(*other.large, 0));
  part->back() ^= 1;
  put(Column::parts, part_key(*other.large, 0), *part);
  EXPECT_THAT(damages(),
              ElementsAre("contribution 3 of client " + ann_.brief() + " is not the one that was acknowledged"));
}

TEST_F(VerificationTest, AContributionWithoutAPart) {
  erase(Column::parts, part_key(*decision(key(ann_, 1)).large, 0));
  EXPECT_THAT(damages(), ElementsAre(HasSubstr("contribution 1 of client " + ann_.brief() + " is not whole")));
}

TEST_F(VerificationTest, AContributionThatIsLost) {
  erase(Column::contributions, key(ann_, 2));
  EXPECT_THAT(damages(), ElementsAre(HasSubstr("names contribution 2 of client " + ann_.brief() + ", which is lost")));
}

TEST_F(VerificationTest, AContributionUnderAnothersNumber) {
  put(Column::contributions, key(ann_, 2), *store_.get(Column::contributions, key(ann_, 3)));
  EXPECT_THAT(damages(), testing::Contains(HasSubstr("contribution 2 of client " + ann_.brief() + " is recorded as")));
}

TEST_F(VerificationTest, ADecisionThatIsNone) {
  put(Column::contributions, key(bob_, 1), bytes_of_text("garbage"));
  EXPECT_THAT(damages(), testing::Contains(HasSubstr("a decision cannot be read")));
}

TEST_F(VerificationTest, ARevisionThatDoesNotNameWhatItAccepted) {
  const Revision revision = decision(key(ann_, 3)).revision;
  put(Column::revisions, key_of(number(revision)), {});
  EXPECT_THAT(damages(), ElementsAre(HasSubstr("accepted 1 contributions, and its record names 0 of them")));
}

TEST_F(VerificationTest, ARevisionBeyondTheNewest) {
  put(Column::revisions, key_of(99), {});
  EXPECT_THAT(damages(), ElementsAre(HasSubstr("revision 99 is on record, and the newest is")));
}

TEST_F(VerificationTest, ADefinitionUnderAnothersName) {
  put(Column::blobs, to_bytes(Digest::of(definition_).view()), bytes_of_text("another"));
  EXPECT_THAT(damages(), ElementsAre(HasSubstr("the definition " + Digest::of(definition_).brief())));
}

TEST_F(VerificationTest, AClientWithoutARecord) {
  erase(Column::clients, to_bytes(bob_.view()));
  EXPECT_THAT(damages(), testing::Contains(HasSubstr("there is no record of that client")));
}

TEST_F(VerificationTest, NamesManyDamagesUpToABound) {
  for (std::uint64_t i = 0; i < Damages::kMostNamed + 5; ++i) put(Column::revisions, key_of(1000 + i), {});
  EXPECT_EQ(look().damages.named().size(), Damages::kMostNamed);
  EXPECT_EQ(look().damages.count(), Damages::kMostNamed + 5);
}

}  // namespace
}  // namespace outrider::aggregator
