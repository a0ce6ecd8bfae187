// States that hold what no message can carry, as versions before this one could write them; and texts of others in what
// the aggregator says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aggregator/core/core.h"
#include "knowledge/error.h"
#include "learners/prototypical/class_state.h"
#include "learners/prototypical/merge.h"
#include "protocol/codec.h"
#include "storage/memory_store.h"

namespace outrider::aggregator {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Bytes kMendedEncoder{1, 2, 3};
const Digest kMendedSpace = Digest::of(kMendedEncoder);

std::vector<std::unique_ptr<Family>> prototypes_alone() {
  std::vector<std::unique_ptr<Family>> result;
  result.push_back(std::make_unique<PrototypicalFamily>([](ByteView) { return std::size_t{2}; }));
  return result;
}

class MendedStateTest : public testing::Test {
 protected:
  MendedStateTest() {
    Core core = open();
    store_.commit(core.publish(kMendedEncoder, {}).writes);
  }
  Core open() { return {self_, store_, prototypes_alone()}; }
  Topic class_topic(const std::string& subject) const { return {std::string(kPrototypeKind), kMendedSpace, subject}; }
  Contribution contribution(const ClientId& client, std::uint64_t sequence, const std::string& subject) const {
    return {client, SequenceNumber{sequence}, Revision{}, class_topic(subject), encode(ClassState{1, {1, 0}, {}})};
  }
  void write_client(const ClientId& client, const std::string& name, std::uint64_t decided) {
    WriteSet writes;
    writes.put(Column::clients, to_bytes(client.view()), encode(ClientRecord{name, SequenceNumber{decided}, {}}));
    store_.commit(writes);
  }
  void write_decision(const Contribution& about, const std::string& refused) {
    Decision decision;
    decision.id = about.id();
    decision.revision = Revision{1};
    decision.refused = refused;
    if (refused.empty()) decision.accepted = about;
    WriteSet writes;
    writes.put(Column::contributions, decision_key(about.client, about.sequence), encode(decision));
    if (refused.empty()) writes.put(Column::meta, to_bytes(std::string_view("revision")), key_of(1));
    store_.commit(writes);
  }
  // The answers, each of which must be one that can be sent.
  std::vector<protocol::Body> say(Core& core, const ClientId& from, protocol::Body body) {
    Effects effects = core.receive({from, std::move(body)}, Instant{1000});
    store_.commit(effects.writes);
    notices_ = effects.notices;
    std::vector<protocol::Body> answers;
    for (protocol::Message& message : effects.messages) {
      protocol::encode(message);
      answers.push_back(std::move(message.body));
    }
    return answers;
  }
  template <typename Answer>
  Answer ask(Core& core, const ClientId& from, protocol::Body body) {
    return std::get<Answer>(say(core, from, std::move(body)).at(0));
  }

  ClientId self_ = ClientId::from_public_key(bytes_of("aggregator"));
  ClientId client_ = ClientId::from_public_key(bytes_of("client"));
  ClientId other_ = ClientId::from_public_key(bytes_of("other"));
  MemoryStore store_;
  std::vector<std::string> notices_;
};

TEST_F(MendedStateTest, ANameThatWasCutInsideACharacterDoesNotSilenceStatus) {
  std::string name;
  for (int i = 0; i < 22; ++i) name += "\xE6\x89\x8B";
  write_client(client_, name.substr(0, 64), 0);
  write_client(other_, "caf\xE9\n", 0);
  Core core = open();
  const auto status = ask<protocol::Status>(core, client_, protocol::StatusQuery{});
  EXPECT_EQ(status.clients.size(), 2U);
  say(core, client_, protocol::Hello{name, {}});
  for (const auto& client : ask<protocol::Status>(core, client_, protocol::StatusQuery{}).clients)
    EXPECT_TRUE(client.client != client_ || client.name == name.substr(0, 63)) << client.name;
}

TEST_F(MendedStateTest, NoNameSilencesStatusHoweverItCame) {
  Core core = open();
  for (const char* name : {"caf\xE9", "two\nlines", "\xFF\xFE", "", "\xE2\x80\xAEgab"}) {
    say(core, client_, protocol::Hello{name, {}});
    EXPECT_EQ(ask<protocol::Status>(core, client_, protocol::StatusQuery{}).clients.size(), 1U);
  }
}

TEST_F(MendedStateTest, ATopicThatCannotBeSentIsLeftOutAndTheOthersAreHandedOut) {
  write_client(self_, "base knowledge", 2);
  write_decision(contribution(self_, 1, "b\nc"), {});
  write_decision(contribution(self_, 2, "bag"), {});
  Core core = open();
  EXPECT_THAT(core.complaints(), ElementsAre(HasSubstr("'b\\nc' is left out: has a control character at byte 1")));
  say(core, client_, protocol::Hello{"me", {}});
  const auto knowledge = ask<protocol::Knowledge>(core, client_, protocol::Want{Revision{}});
  ASSERT_EQ(knowledge.entries.size(), 1U);
  EXPECT_EQ(knowledge.entries[0].topic.subject, "bag");
  EXPECT_EQ(ask<protocol::Status>(core, client_, protocol::StatusQuery{}).topics.size(), 1U);
}

TEST_F(MendedStateTest, AsAreContributionsThatAreNotAcceptableAnyMore) {
  Contribution wrong = contribution(client_, 1, "bag");
  wrong.payload = {1, 2, 3};
  write_client(client_, "me", 2);
  write_decision(wrong, {});
  write_decision(contribution(client_, 2, "shoe"), {});
  Core core = open();
  EXPECT_THAT(core.complaints(), ElementsAre(HasSubstr("taught on 'bag' is left out: the state of class 'bag'")));
  const auto status = ask<protocol::Status>(core, client_, protocol::StatusQuery{});
  ASSERT_EQ(status.topics.size(), 1U);
  EXPECT_EQ(status.topics[0].topic.subject, "shoe");
}

TEST_F(MendedStateTest, ARefusalThatCouldNotBeSentIsDecidedAnew) {
  write_client(client_, "me", 2);
  write_decision(contribution(client_, 1, "bag"), {});
  write_decision(contribution(client_, 2, "shoe"), "has class 'boot' where other clients have 'boo\nt'");
  Core core = open();
  EXPECT_EQ(ask<protocol::Welcome>(core, client_, protocol::Hello{"me", {}}).highest_decided, SequenceNumber{1});
  const auto accepted =
      ask<protocol::Accepted>(core, client_, protocol::Contribute{{contribution(client_, 2, "shoe")}});
  EXPECT_EQ(accepted.contributions.size(), 1U);
  EXPECT_EQ(open().knowledge().entries.size(), 2U);
}

TEST_F(MendedStateTest, UnlessSomethingWasDecidedAfterIt) {
  write_client(client_, "me", 2);
  write_decision(contribution(client_, 1, "shoe"), std::string(5000, 'x') + "caf\xE9");
  write_decision(contribution(client_, 2, "bag"), {});
  Core core = open();
  EXPECT_EQ(ask<protocol::Welcome>(core, client_, protocol::Hello{"me", {}}).highest_decided, SequenceNumber{2});
  const auto refused = ask<protocol::Refused>(core, client_, protocol::Contribute{{contribution(client_, 1, "shoe")}});
  EXPECT_TRUE(refused.permanent);
}

TEST_F(MendedStateTest, RefusalsThatQuoteWhatOthersWroteCanBeSent) {
  Core core = open();
  say(core, client_, protocol::Hello{"<script>\xE2\x80\xAE", {}});
  std::uint64_t sequence = 0;
  for (const std::string& subject : {std::string("bo\not"), std::string("caf\xE9"), std::string(256, '\x01'),
                                     std::string(256, 'x'), std::string("@own"), std::string()}) {
    const auto refused =
        ask<protocol::Refused>(core, client_, protocol::Contribute{{contribution(client_, ++sequence, subject)}});
    EXPECT_TRUE(refused.permanent);
    for (const std::string& notice : notices_) EXPECT_EQ(utf8::objection(notice, 4096), std::nullopt);
  }
  Contribution kind = contribution(client_, ++sequence, "bag");
  kind.topic.kind = std::string(1000, '\x80');
  EXPECT_TRUE(ask<protocol::Refused>(core, client_, protocol::Contribute{{kind}}).permanent);
  EXPECT_TRUE(core.knowledge().entries.empty());
}

TEST_F(MendedStateTest, BaseKnowledgeThatCannotBeSentIsNotPublished) {
  Core core = open();
  const Bytes another{4, 5, 6};
  const auto complaint = objection_of([&] {
    core.publish(another, {{std::string(kPrototypeKind), "b\nc", encode(ClassState{1, {1, 0}, {}})}});
  });
  EXPECT_THAT(complaint.value_or(""),
              HasSubstr("the base knowledge on 'b\\nc' does not fit its definition: the subject has "
                        "a control character at byte 1"));
  EXPECT_EQ(core.definition(), kMendedSpace);
}

}  // namespace
}  // namespace outrider::aggregator
