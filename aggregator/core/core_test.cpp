#include "aggregator/core/core.h"

#include <map>

#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/prototypical/class_state.h"
#include "learners/prototypical/merge.h"
#include "storage/memory_store.h"

namespace outrider::aggregator {
namespace {

using protocol::Accepted;
using protocol::Contribute;
using protocol::Hello;
using protocol::Knowledge;
using protocol::Refused;
using protocol::Want;
using protocol::Welcome;

const Bytes kEncoder{1, 2, 3};

std::vector<std::unique_ptr<Family>> families() {
  std::vector<std::unique_ptr<Family>> result;
  result.push_back(std::make_unique<PrototypicalFamily>([](ByteView) { return std::size_t{2}; }));
  return result;
}

class CoreTest : public testing::Test {
 protected:
  CoreTest() { perform(core_.publish(kEncoder, {})); }

  std::vector<protocol::Body> perform(Effects effects) {
    store_.commit(effects.writes);
    std::vector<protocol::Body> bodies;
    for (protocol::Message& message : effects.messages) bodies.push_back(std::move(message.body));
    return bodies;
  }
  std::vector<protocol::Body> say(protocol::Body body) {
    return perform(core_.receive({client_, std::move(body)}, now_));
  }
  template <typename Answer>
  Answer ask(protocol::Body body) {
    const auto answers = say(std::move(body));
    EXPECT_EQ(answers.size(), 1U);
    return std::get<Answer>(answers.at(0));
  }

  Contribution contribution(std::uint64_t sequence, const std::string& subject, float x = 1) const {
    return {client_,
            SequenceNumber{sequence},
            Revision{},
            {std::string(kPrototypeKind), Digest::of(kEncoder), subject},
            encode(ClassState{1, {x, 0}, {}})};
  }

  ClientId self_ = ClientId::from_public_key(bytes_of("aggregator"));
  ClientId client_ = ClientId::from_public_key(bytes_of("client"));
  MemoryStore store_;
  Core core_{self_, store_, families()};
  Instant now_{1000};
};

TEST_F(CoreTest, AStrangerWhoCallsHimselfTheAggregatorIsNotAnswered) {
  const Revision before = core_.revision();
  Contribution own = contribution(2, "sneaker");
  own.client = self_;
  for (const protocol::Body& body : std::vector<protocol::Body>{Want{}, protocol::Heartbeat{}, protocol::StatusQuery{},
                                                                protocol::Goodbye{}, Contribute{{own}}})
    EXPECT_TRUE(perform(core_.receive({self_, body}, now_)).empty());
  EXPECT_EQ(core_.revision(), before);
}

TEST_F(CoreTest, AStrangerMustSayHelloFirst) {
  EXPECT_TRUE(say(Contribute{{contribution(1, "bag")}}).empty());
  EXPECT_EQ(ask<Welcome>(Hello{"me", {}}).highest_decided, SequenceNumber{0});
}

Hello hello_of(protocol::Incarnation incarnation) {
  Hello hello{"me", {}};
  hello.incarnation = std::move(incarnation);
  hello.conversation = hello.incarnation.number;
  return hello;
}

TEST_F(CoreTest, ACopyOfAStateIsTurnedAwayWhileTheOtherIsConnected) {
  ask<Welcome>(hello_of({.number = 11, .earlier = {10}}));
  const auto rejected = ask<protocol::Rejected>(hello_of({.number = 12, .earlier = {10}}));
  EXPECT_NE(rejected.sentence.find("this state is a copy"), std::string::npos);
  EXPECT_EQ(rejected.conversation, 12U);
  ask<protocol::Rejected>(hello_of({.number = 13, .earlier = {11, 10}, .relocated = true}));
  ask<Welcome>(hello_of({.number = 11, .earlier = {10}}));  // another connection of the same run
}

TEST_F(CoreTest, ARestartIsNoCopyHoweverOftenItHappened) {
  ask<Welcome>(hello_of({.number = 11, .earlier = {}}));
  ask<Welcome>(hello_of({.number = 14, .earlier = {13, 12, 11}}));
  ask<Welcome>(Hello{"me", {}});  // a client of before says nothing of it
  ask<Welcome>(hello_of({.number = 20, .earlier = {}}));
}

TEST_F(CoreTest, AStateFromABackupIsWelcomeWhenTheOtherIsGone) {
  ask<Welcome>(hello_of({.number = 11, .earlier = {10}}));
  EXPECT_TRUE(say(protocol::Goodbye{}).empty());
  ask<Welcome>(hello_of({.number = 12, .earlier = {9}}));
  now_ += Instant{60'000};  // silent for long
  ask<Welcome>(hello_of({.number = 13, .earlier = {8}}));
}

TEST_F(CoreTest, AClientThatComesAnewUnderAnotherIdIsNoticed) {
  const auto notices_of = [&](const ClientId& from) {
    Effects effects = core_.receive({from, Hello{"me", {}}}, now_);
    store_.commit(effects.writes);
    std::string all;
    for (const std::string& notice : effects.notices) all += notice + "\n";
    return all;
  };
  const ClientId wiped = ClientId::from_public_key(bytes_of("wiped"));
  say(Hello{"me", {}});
  ask<Accepted>(Contribute{{contribution(1, "bag")}});
  EXPECT_EQ(notices_of(wiped).find("is new, and another"), std::string::npos);  // both are there: they share a name
  say(protocol::Goodbye{});
  const ClientId again = ClientId::from_public_key(bytes_of("wiped again"));
  const std::string told = notices_of(again);
  EXPECT_NE(told.find("is new, and another of that name has taught before, " + client_.brief()), std::string::npos);
  EXPECT_EQ(notices_of(again).find("is new"), std::string::npos);
}

TEST_F(CoreTest, ARepeatIsAcknowledgedAndChangesNothing) {
  say(Hello{"me", {}});
  const Contribute message{{contribution(1, "bag"), contribution(2, "shoe")}};
  const auto first = ask<Accepted>(message);
  const Digest knowledge = core_.knowledge_digest();
  const auto second = ask<Accepted>(message);
  EXPECT_EQ(first.contributions, second.contributions);
  EXPECT_EQ(first.revision, second.revision);
  EXPECT_EQ(core_.knowledge_digest(), knowledge);
  EXPECT_EQ(ask<Welcome>(Hello{"me", {}}).highest_decided, SequenceNumber{2});
}

TEST_F(CoreTest, AGapIsRefusedForNow) {
  say(Hello{"me", {}});
  const auto refused = ask<Refused>(Contribute{{contribution(2, "bag")}});
  EXPECT_FALSE(refused.permanent);
  EXPECT_EQ(refused.contribution, contribution(2, "bag").id());
  ask<Accepted>(Contribute{{contribution(1, "shoe"), contribution(2, "bag")}});
}

TEST_F(CoreTest, ANumberThatIsTakenIsRefusedForNowAndTheFirstStays) {
  say(Hello{"me", {}});
  ask<Accepted>(Contribute{{contribution(1, "bag", 1)}});
  const Digest knowledge = core_.knowledge_digest();
  EXPECT_FALSE(ask<Refused>(Contribute{{contribution(1, "bag", 2)}}).permanent);
  EXPECT_EQ(core_.knowledge_digest(), knowledge);
}

TEST_F(CoreTest, WhatCannotBeMergedIsRefusedForGoodAlsoAfterARestart) {
  say(Hello{"me", {}});
  Contribution other_space = contribution(1, "bag");
  other_space.topic.space = Digest::of(bytes_of("another encoder"));
  Contribution foreign = contribution(2, "bag");
  foreign.client = self_;
  Contribution nameless = contribution(3, "");
  Contribution unknown = contribution(4, "bag");
  unknown.topic.kind = "horoscope";
  for (const Contribution& bad : {other_space, foreign, nameless, unknown}) {
    const auto refused = ask<Refused>(Contribute{{bad}});
    EXPECT_TRUE(refused.permanent) << refused.reason;
    EXPECT_FALSE(refused.reason.empty());
    Core restarted(self_, store_, families());
    const auto again = restarted.receive({client_, Contribute{{bad}}}, now_).messages;
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(std::get<Refused>(again[0].body).reason, refused.reason);
  }
  ask<Accepted>(Contribute{{contribution(5, "bag")}});
}

TEST_F(CoreTest, TheNewestOfAClientCountsAndAWithdrawalRemovesIt) {
  say(Hello{"me", {}});
  const Digest nothing = core_.knowledge_digest();
  say(Contribute{{contribution(1, "bag", 1)}});
  say(Contribute{{contribution(2, "bag", 5)}});
  const auto knowledge = ask<Knowledge>(Want{});
  ASSERT_EQ(knowledge.entries.size(), 1U);
  EXPECT_EQ(decode_class_state(knowledge.entries[0].payload, kMergedLimits), (ClassState{1, {5, 0}, {}}));
  Contribution withdrawal = contribution(3, "bag");
  withdrawal.payload.clear();
  say(Contribute{{withdrawal}});
  EXPECT_EQ(core_.knowledge_digest(), nothing);
  const auto delta = ask<Knowledge>(Want{knowledge.through});
  ASSERT_EQ(delta.entries.size(), 1U);
  EXPECT_TRUE(delta.entries[0].payload.empty());
}

TEST_F(CoreTest, ARestartKnowsWhatWasCommitted) {
  say(Hello{"me", {}});
  say(Contribute{{contribution(1, "bag"), contribution(2, "shoe")}});
  Core restarted(self_, store_, families());
  EXPECT_EQ(restarted.knowledge_digest(), core_.knowledge_digest());
  EXPECT_EQ(restarted.revision(), core_.revision());
  EXPECT_EQ(restarted.definition(), core_.definition());
  EXPECT_TRUE(restarted.publish(kEncoder, {}).writes.empty());
}

TEST_F(CoreTest, AnswersAreCutAtARevision) {
  Limits small;
  small.knowledge_bytes = 1;
  Core core(self_, store_, families(), small);
  core.receive({client_, Hello{"me", {}}}, now_);
  for (std::uint64_t i = 1; i <= 3; ++i)
    store_.commit(core.receive({client_, Contribute{{contribution(i, "class " + std::to_string(i))}}}, now_).writes);
  Revision replica{};
  std::size_t entries = 0;
  int rounds = 0;
  for (; replica != core.revision() && rounds < 10; ++rounds) {
    const auto effects = core.receive({client_, Want{replica}}, now_);
    const auto& knowledge = std::get<Knowledge>(effects.messages.at(0).body);
    EXPECT_EQ(knowledge.since, replica);
    EXPECT_GT(knowledge.through, replica);
    replica = knowledge.through;
    entries += knowledge.entries.size();
  }
  EXPECT_EQ(entries, 3U);
  EXPECT_GE(rounds, 3);
}

TEST_F(CoreTest, ANewRevisionIsAnnouncedOnceToThoseWhoDoNotKnowIt) {
  say(Hello{"me", {}});
  say(Contribute{{contribution(1, "bag")}});
  EXPECT_NE(core_.deadline(), kNever);
  now_ += Instant{1000};
  EXPECT_EQ(perform(core_.tick(now_)).size(), 1U);
  EXPECT_EQ(core_.deadline(), kNever);
  EXPECT_TRUE(perform(core_.tick(now_ + Instant{1000})).empty());
}

// What a family is told of clients' capacities: what is merged on "wide" is for those with 100 bytes or more.
struct Heard {
  std::vector<std::uint64_t> met;
  std::vector<std::uint64_t> present;
};
class WideMerge : public Merge {
 public:
  explicit WideMerge(Heard& heard) : heard_(heard) {}
  std::optional<std::string> open_space(const Digest&, ByteView) override { return std::nullopt; }
  std::unique_ptr<Decoded> read(const Contribution&) const override { return std::make_unique<Decoded>(); }
  void take(const Contribution& contribution, Decoded&) override {
    content_[contribution.topic] = contribution.payload;
  }
  void erase(const ClientId&, const Topic& topic) override { content_.erase(topic); }
  Bytes merged(const Topic& topic) const override { return content_.contains(topic) ? content_.at(topic) : Bytes{}; }
  void client_joined(const Capacity& capacity) override { heard_.met.push_back(capacity.memory); }
  bool visible_to(const Topic& topic, const Capacity& capacity) const override {
    return topic.subject != "wide" || capacity.memory >= 100;
  }
  std::vector<OwnContribution> step(const Digest& space, const Present& present, Instant) override {
    heard_.present.clear();
    for (const PresentClient& client : present()) heard_.present.push_back(client.capacity.memory);
    if (heard_.met.empty() || !content_.empty()) return {};
    std::vector<OwnContribution> own_contributions{{{"wide", space, "narrow"}, {1}, {}},
                                                   {{"wide", space, "wide"}, {2}, {}}};
    own_contributions.emplace_back().notice = "somebody has come";
    return own_contributions;
  }

 private:
  Heard& heard_;
  std::map<Topic, Bytes> content_;
};
class WideFamily : public Family {
 public:
  explicit WideFamily(Heard& heard) : heard_(heard) {}
  std::string_view kind() const override { return "wide"; }
  std::unique_ptr<Merge> make_merge() const override { return std::make_unique<WideMerge>(heard_); }

 private:
  Heard& heard_;
};

class CapacityTest : public CoreTest {
 protected:
  static std::vector<std::unique_ptr<Family>> wide(Heard& heard) {
    std::vector<std::unique_ptr<Family>> result;
    result.push_back(std::make_unique<WideFamily>(heard));
    return result;
  }
  CapacityTest() { store_.commit(core_.publish(kEncoder, {}).writes); }
  Effects receive(const protocol::Body& body) {
    Effects effects = core_.receive({client_, body}, now_);
    store_.commit(effects.writes);
    return effects;
  }
  std::vector<std::string> subjects_sent() {
    const Effects effects = receive(Want{});
    std::vector<std::string> subjects;
    for (const auto& entry : std::get<Knowledge>(effects.messages.at(0).body).entries)
      subjects.push_back(entry.topic.subject);
    EXPECT_EQ(std::get<Knowledge>(effects.messages.at(0).body).through, core_.revision());
    return subjects;
  }

  Heard heard_;
  MemoryStore store_;
  Core core_{self_, store_, wide(heard_)};
};

TEST_F(CapacityTest, FamiliesAreToldAndDecideWhatIsSent) {
  const Effects effects = receive(Hello{"me", {}, 0, {.memory = 64}});
  EXPECT_EQ(heard_.met, std::vector<std::uint64_t>{64});
  EXPECT_EQ(heard_.present, std::vector<std::uint64_t>{64});
  EXPECT_EQ(effects.notices.back(), "somebody has come");  // which is no contribution
  EXPECT_EQ(number(core_.revision()), 2U);
  EXPECT_EQ(subjects_sent(), std::vector<std::string>{"narrow"});
  receive(Hello{"me", {}, 0, {.memory = 100}});
  EXPECT_EQ(subjects_sent(), (std::vector<std::string>{"narrow", "wide"}));
  EXPECT_EQ(core_.knowledge().entries.size(), 2U);
}

TEST_F(CapacityTest, OfAClientIsKeptAndShown) {
  receive(Hello{"me", {}});
  EXPECT_EQ(core_.status(now_).clients.at(0).capacity, Capacity{});
  const Capacity capacity{.memory = 64, .operations = 65};
  receive(Hello{"me", {}, 0, capacity});
  EXPECT_EQ(core_.status(now_).clients.at(0).capacity, capacity);
  Heard heard;
  Core restarted(self_, store_, wide(heard));
  EXPECT_EQ(restarted.status(now_).clients.at(0).capacity, capacity);
  // It need not say hello again.
  restarted.receive({client_, protocol::Heartbeat{}}, now_);
  EXPECT_EQ(heard.present, std::vector<std::uint64_t>{64});
}

// A client that has caught up says so at once. If it were told of what has come meanwhile, it would have to catch up
// again at once, for as long as others contribute.
TEST_F(CoreTest, AHeartbeatIsAnsweredWithWhatWasAnnounced) {
  say(Hello{"me", {}});
  perform(core_.tick(now_));
  const Revision before = ask<protocol::Announce>(protocol::Heartbeat{}).revision;
  ask<Accepted>(Contribute{{contribution(1, "bag")}});
  EXPECT_EQ(ask<protocol::Announce>(protocol::Heartbeat{}).revision, before);
  now_ = core_.deadline();
  const auto announced = perform(core_.tick(now_));
  ASSERT_EQ(announced.size(), 1U);
  EXPECT_EQ(std::get<protocol::Announce>(announced[0]).revision, core_.revision());
  EXPECT_EQ(ask<protocol::Announce>(protocol::Heartbeat{}).revision, core_.revision());
}

TEST_F(CoreTest, TheMoreClientsThereAreTheRarerAreAnnouncements) {
  std::uint64_t sequence = 0;
  const auto pause = [&] {
    ask<Accepted>(Contribute{{contribution(++sequence, "bag")}});
    while (core_.deadline() <= now_) perform(core_.tick(now_));
    const Instant first = now_;
    ask<Accepted>(Contribute{{contribution(++sequence, "bag")}});
    while (core_.deadline() != kNever && perform(core_.tick(now_ = core_.deadline())).empty()) {
    }
    return now_ - first;
  };
  say(Hello{"me", {}});
  const Instant alone = pause();
  for (int i = 0; i < 1000; ++i)
    perform(core_.receive({ClientId::from_public_key(bytes_of(std::to_string(i))), Hello{"other", {}}}, now_));
  EXPECT_GE(pause(), alone + Instant{900});
}

TEST_F(CoreTest, WhoFallsSilentIsNamedAndWhoReturns) {
  say(Hello{"me", {}});
  std::vector<std::string> notices;
  const auto until = [&](Instant end) {
    for (; now_ < end; now_ += Instant{1'000})
      for (std::string& notice : core_.tick(now_).notices) notices.push_back(std::move(notice));
  };
  until(now_ + Instant{14'000});
  EXPECT_TRUE(notices.empty()) << notices[0];
  until(now_ + Instant{10'000});
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_NE(notices[0].find("me ("), std::string::npos);
  EXPECT_NE(notices[0].find("is silent"), std::string::npos);
  const std::vector<std::string> returned = core_.receive({client_, protocol::Heartbeat{}}, now_).notices;
  ASSERT_EQ(returned.size(), 1U);
  EXPECT_NE(returned[0].find("is back"), std::string::npos);
  EXPECT_TRUE(core_.receive({client_, protocol::Heartbeat{}}, now_).notices.empty());
}

}  // namespace
}  // namespace outrider::aggregator
