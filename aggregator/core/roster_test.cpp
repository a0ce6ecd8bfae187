// Who may be known, and who is told that he cannot be.
#include "aggregator/core/roster.h"

#include <set>

#include <gtest/gtest.h>

#include "aggregator/core/test_core.h"
#include "protocol/codec.h"

namespace outrider::aggregator {
namespace {

ClientId client(std::size_t number) {
  return ClientId::from_public_key(bytes_of("client " + std::to_string(number)));
}

class RosterTest : public testing::Test, protected DrivenCore {
 protected:
  void open(RosterLimits roster, Pace pace = {}) {
    Limits limits;
    limits.roster = roster;
    limits.status_entries = 100;
    start(limits, pace);
  }
  std::vector<protocol::Body> hear(const ClientId& from, protocol::Body body) {
    now_ += Instant{1};
    return DrivenCore::hear(from, std::move(body));
  }
  bool is_welcomed(std::size_t number) {
    const auto answers = hear(client(number), protocol::Hello{"client " + std::to_string(number), {}});
    return answers.size() == 1 && std::holds_alternative<protocol::Welcome>(answers[0]);
  }
  void contribute(std::size_t number) {
    const Contribution said{
        client(number), SequenceNumber{1}, {}, class_called("bag"), encode(ClassState{1, {1, 2}, {}})};
    const auto answers = hear(client(number), protocol::Contribute{{said}});
    ASSERT_EQ(answers.size(), 1U);
    ASSERT_TRUE(std::holds_alternative<protocol::Accepted>(answers[0]));
  }
  // All of them, by pages that each fit into a message.
  std::vector<protocol::ClientStatus> everybody() {
    std::vector<protocol::ClientStatus> clients;
    for (protocol::StatusQuery query;;) {
      const auto page = std::get<protocol::Status>(hear(client(0), query).at(0));
      EXPECT_NO_THROW(protocol::encode({client(0), page}));
      EXPECT_LE(page.clients.size(), 100U);
      clients.insert(clients.end(), page.clients.begin(), page.clients.end());
      EXPECT_LE(clients.size(), page.all_clients);
      if (!page.more_clients) {
        EXPECT_EQ(clients.size(), page.all_clients);
        return clients;
      }
      query.clients_after = clients.back().client;
    }
  }
  std::set<ClientId> on_record() const {
    std::set<ClientId> clients;
    store_.scan(Column::clients, {}, [&](ByteView key, ByteView) { clients.insert(ClientId::from_bytes(key)); });
    clients.erase(self_);
    return clients;
  }
};

TEST_F(RosterTest, WhoNeverContributedIsForgottenForNewcomersAndWhoDidNeverIs) {
  open({.clients = 100, .newcomers = 3});
  ASSERT_TRUE(is_welcomed(0));
  contribute(0);
  for (std::size_t i = 1; i <= 3; ++i) ASSERT_TRUE(is_welcomed(i));
  EXPECT_EQ(on_record(), (std::set{client(0), client(1), client(2), client(3)}));
  hear(client(1), protocol::Heartbeat{});
  ASSERT_TRUE(is_welcomed(4));
  EXPECT_EQ(on_record(), (std::set{client(0), client(1), client(3), client(4)})) << "2 was not heard of for longest";
  for (std::size_t i = 5; i < 5000; ++i) ASSERT_TRUE(is_welcomed(i));
  EXPECT_EQ(on_record(), (std::set{client(0), client(4997), client(4998), client(4999)}));
  EXPECT_EQ(everybody().size(), 4U);
  open({.clients = 100, .newcomers = 3});
  EXPECT_EQ(everybody().size(), 4U);
  EXPECT_TRUE(is_welcomed(1)) << "who was forgotten may come again";
}

TEST_F(RosterTest, WhoLeftGoesBeforeWhoIsThere) {
  open({.clients = 100, .newcomers = 2});
  is_welcomed(1);
  is_welcomed(2);
  hear(client(2), protocol::Goodbye{});
  is_welcomed(3);
  EXPECT_EQ(on_record(), (std::set{client(1), client(3)}));
}

// That it came is on disk; that it was there for some time after, too, once it says goodbye.
TEST_F(RosterTest, WhoLeftWasSeenWhenItLeft) {
  constexpr std::uint64_t kStarted = 1'700'000'000;
  start({}, {.started = kStarted});
  hear(client(1), protocol::Hello{"client", {}});
  now_ += Instant{20'000};
  const std::uint64_t left = kStarted + static_cast<std::uint64_t>(now_.count()) / 1000;
  hear(client(1), protocol::Goodbye{});
  now_ += Instant{5'000};
  for (int start_number = 0; start_number < 2; ++start_number) {
    EXPECT_EQ(core_->status(now_).clients.at(0).last_seen, left);
    start({}, {.started = kStarted});
  }
}

TEST_F(RosterTest, WhereAllHaveContributedANewcomerIsToldThatThereIsNoPlace) {
  open({.clients = 3, .newcomers = 10});
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(is_welcomed(i));
    if (i < 2) contribute(i);
  }
  EXPECT_TRUE(is_welcomed(3)) << "in the place of one that never contributed";
  contribute(3);
  for (int start = 0; start < 2; ++start) {
    const auto answers = hear(client(4), protocol::Hello{"client 4", {}});
    ASSERT_EQ(answers.size(), 1U);
    const auto refused = std::get<protocol::Refused>(answers[0]);
    EXPECT_TRUE(refused.contribution.empty());
    EXPECT_FALSE(refused.permanent);
    EXPECT_NE(refused.reason.find("no place for another client: all 3"), std::string::npos) << refused.reason;
    EXPECT_EQ(notices_.size(), 1U);
    EXPECT_TRUE(is_welcomed(1));
    open({.clients = 3, .newcomers = 10});
  }
}

// 65,537 of them were more than one message of a status may list, and the last were never welcomed.
TEST_F(RosterTest, AStateWithMoreThanThereIsRoomForIsServedAndShrinks) {
  WriteSet writes;
  for (std::size_t i = 0; i < 70'000; ++i)
    writes.put(Column::clients, to_bytes(client(i).view()),
               encode(ClientRecord{"client " + std::to_string(i), SequenceNumber{}, {}}));
  store_.commit(writes);
  open({.clients = 70'000, .newcomers = 5000});
  EXPECT_LE(core_->deadline(), now_);
  ASSERT_TRUE(is_welcomed(70'000));
  contribute(70'000);
  EXPECT_GE(everybody().size(), 4999U);
  for (int tick = 0; tick < 20 && core_->deadline() <= now_; ++tick) perform(core_->tick(now_));
  EXPECT_LE(on_record().size(), 5001U);
  EXPECT_EQ(everybody().size(), on_record().size());
  EXPECT_TRUE(on_record().contains(client(70'000)));
}

TEST_F(RosterTest, TellsWhenSomebodyWasLastSeenAlsoAfterARestart) {
  open({}, {.started = 1'000'000});
  now_ = Instant{3'600'000};
  hear(client(1), protocol::Hello{"ann", {}, 0, {}, {}, "1.2.3"});
  contribute(1);
  now_ += Instant{100'000};
  auto status = everybody().at(0);
  EXPECT_EQ(status.last_seen, 1'003'600U);
  EXPECT_EQ(status.seconds_since_seen, 100U);
  EXPECT_EQ(status.version, "1.2.3");
  EXPECT_EQ(status.accepted, 1U);
  EXPECT_EQ(status.refused, 0U);
  hear(client(1), protocol::Contribute{{{client(1), SequenceNumber{2}, {}, {"horoscope", {}, "x"}, {1}}}});
  now_ = Instant{0};
  open({}, {.started = 1'010'000});
  status = everybody().at(0);
  EXPECT_FALSE(status.connected);
  EXPECT_EQ(status.last_seen, 1'003'600U);
  EXPECT_EQ(status.seconds_since_seen, 6'400U);
  EXPECT_EQ(status.version, "1.2.3");
  EXPECT_EQ(status.accepted, 1U);
  EXPECT_EQ(status.refused, 1U);
}

TEST_F(RosterTest, ALongVersionIsCutAtACharacter) {
  open({});
  std::string version;
  for (int i = 0; i < 30; ++i) version += "é版";
  hear(client(1), protocol::Hello{"ann", {}, 0, {}, {}, version});
  const std::string known = everybody().at(0).version;
  EXPECT_LE(known.size(), 64U);
  EXPECT_TRUE(version.starts_with(known));
  EXPECT_NO_THROW(protocol::encode({client(0), protocol::Hello{"x", {}, 0, {}, {}, known}}));
}

TEST_F(RosterTest, TopicsArePagedToo) {
  open({});
  is_welcomed(1);
  const std::size_t most = 100;
  for (std::uint64_t i = 1; i <= most + 1; ++i) {
    const auto status = core_->status(now_);
    EXPECT_FALSE(status.more_topics);
    EXPECT_EQ(status.all_topics, i - 1);
    EXPECT_EQ(status.usable_topics, i - 1);
    hear(client(1),
         protocol::Contribute{{{client(1),
                                SequenceNumber{i},
                                {},
                                {std::string(kPrototypeKind), Digest::of(definition_), "class " + std::to_string(i)},
                                encode(ClassState{1, {1, 2}, {}})}}});
  }
  const auto first = core_->status(now_);
  EXPECT_EQ(first.topics.size(), most);
  EXPECT_TRUE(first.more_topics);
  const auto rest = core_->status(now_, {{}, first.topics.back().topic});
  EXPECT_EQ(rest.topics.size(), 1U);
  EXPECT_FALSE(rest.more_topics);
}

}  // namespace
}  // namespace outrider::aggregator
