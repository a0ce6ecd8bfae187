#include "learners/averaging/rounds.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/averaging/test_updates.h"
#include "learners/random.h"

namespace outrider::averaging {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<ClientId> many_clients(unsigned count) {
  std::vector<ClientId> clients;
  for (unsigned i = 0; i < count; ++i) clients.push_back(shuffled_client(i));
  return clients;
}

constexpr Instant operator""_s(unsigned long long seconds) {
  return Instant(seconds * 1000);
}

TEST(SampleClients, IsAFunctionOfTheSetTheSeedAndTheRound) {
  auto clients = many_clients(40);
  const auto expected = sample_clients(clients, 7, 1, 3);
  EXPECT_EQ(expected.size(), 7U);
  EXPECT_TRUE(std::ranges::is_sorted(expected));
  Random random(1, "order");
  random.shuffle(std::span(clients));
  clients.push_back(clients.front());
  EXPECT_EQ(sample_clients(clients, 7, 1, 3), expected);
  EXPECT_NE(sample_clients(clients, 7, 2, 3), expected);
  EXPECT_NE(sample_clients(clients, 7, 1, 4), expected);
  EXPECT_NE(sample_clients(clients, 7, 1, 3, 1), expected);
  EXPECT_EQ(sample_clients(clients, 100, 1, 3).size(), 40U);
  EXPECT_TRUE(sample_clients({}, 3, 1, 1).empty());
}

TEST(SampleClients, ChoosesEveryClientAsOften) {
  const auto clients = many_clients(20);
  std::map<ClientId, int> chosen;
  for (std::uint64_t round = 0; round < 2000; ++round)
    for (const ClientId& id : sample_clients(clients, 5, 1, round)) ++chosen[id];
  for (const ClientId& id : clients) EXPECT_NEAR(chosen[id], 500, 100);  // five standard deviations
}

TEST(Rounds, AreOverWhenAllWhoWereAskedHaveAnswered) {
  Rounds rounds(Strategy{}, {.cohort = 3, .minimum = 2, .duration = 10_s}, 1);
  rounds.open(many_clients(8), 0_s);
  const auto cohort = rounds.cohort();
  EXPECT_EQ(cohort, sample_clients(many_clients(8), 3, 1, 0));
  for (const ClientId& id : {cohort[2], cohort[0], cohort[1]}) {
    EXPECT_FALSE(rounds.due(1_s));
    EXPECT_EQ(rounds.offer({id, 0}), (Answer{true, 0, ""}));
  }
  ASSERT_TRUE(rounds.due(1_s));
  EXPECT_THAT(rounds.close(1_s),
              ElementsAre(UpdateKey{cohort[0], 0}, UpdateKey{cohort[1], 0}, UpdateKey{cohort[2], 0}));
  EXPECT_EQ(rounds.round(), 1U);
  EXPECT_FALSE(rounds.is_open());
  EXPECT_TRUE(rounds.cohort().empty());
  EXPECT_FALSE(rounds.due(100_s));
}

TEST(Rounds, MakeDoWithTheMinimumWhenTheTimeIsUp) {
  Rounds rounds(Strategy{}, {.cohort = 3, .minimum = 2, .duration = 10_s}, 1);
  rounds.open(many_clients(3), 5_s);
  EXPECT_EQ(rounds.deadline(), 15_s);
  rounds.offer({rounds.cohort()[0], 0});
  rounds.offer({rounds.cohort()[1], 0});
  EXPECT_FALSE(rounds.due(14_s));
  EXPECT_FALSE(rounds.overdue(15_s));
  ASSERT_TRUE(rounds.due(15_s));
  EXPECT_EQ(rounds.close(15_s).size(), 2U);
}

TEST(Rounds, AskOthersWhenTheTimeIsUpWithoutTheMinimum) {
  Rounds rounds(Strategy{}, {.cohort = 2, .minimum = 2, .duration = 10_s}, 1);
  const auto clients = many_clients(5);
  rounds.open(clients, 0_s);
  const auto first = rounds.cohort();
  rounds.offer({first[0], 0});
  EXPECT_FALSE(rounds.overdue(9_s));
  ASSERT_TRUE(rounds.overdue(10_s));
  const auto second = rounds.extend(clients, 12_s);
  EXPECT_EQ(second.size(), 2U);
  for (const ClientId& id : second) EXPECT_THAT(first, testing::Not(testing::Contains(id)));
  EXPECT_EQ(rounds.deadline(), 22_s);
  EXPECT_EQ(rounds.taken(), 1U);
  EXPECT_EQ(rounds.extend(clients, 22_s).size(), 1U);
  EXPECT_TRUE(rounds.extend(clients, 32_s).empty());
  EXPECT_TRUE(rounds.offer({second[1], 0}).taken);
  EXPECT_FALSE(rounds.due(33_s));
  ASSERT_TRUE(rounds.due(42_s));
  EXPECT_EQ(rounds.close(42_s).size(), 2U);
}

TEST(Rounds, RefuseWithAReason) {
  Rounds rounds(Strategy{}, {.cohort = 2, .minimum = 1, .duration = 10_s}, 1);
  const auto clients = many_clients(3);
  EXPECT_THAT(rounds.offer({clients[0], 0}).reason, HasSubstr("is of round 0, which has not begun"));
  rounds.open(clients, 0_s);
  const auto cohort = rounds.cohort();
  for (const ClientId& id : clients)
    if (!std::ranges::count(cohort, id)) {
      EXPECT_THAT(rounds.offer({id, 0}).reason, HasSubstr("is of round 0, which did not ask that client"));
    }
  EXPECT_TRUE(rounds.offer({cohort[0], 0}).taken);
  EXPECT_EQ(rounds.offer({cohort[0], 0}), (Answer{false, 0,
                                                  "the update of client " + cohort[0].brief() +
                                                      " is of round 0, of which that client has given one already"}));
  EXPECT_THAT(rounds.offer({cohort[0], 1}).reason, HasSubstr("is of round 1; expected at most 0"));
  EXPECT_EQ(rounds.taken(), 1U);
  rounds.close(10_s);
  EXPECT_THAT(rounds.offer({cohort[1], 0}).reason, HasSubstr("is of round 0, which is over"));
  rounds.open(clients, 11_s);
  EXPECT_THAT(rounds.offer({cohort[1], 0}).reason, HasSubstr("is of round 0, which is over"));
}

TEST(Rounds, TakeLateUpdatesAsTheStrategySays) {
  const auto clients = many_clients(3);
  Rounds rounds(parse_strategy("late sqrt limit 2"), {.cohort = 3, .minimum = 1, .duration = 10_s}, 1);
  for (int round = 0; round < 4; ++round) {
    rounds.open(clients, 0_s);
    EXPECT_TRUE(rounds.offer({clients[0], static_cast<std::uint64_t>(round)}).taken);
    if (round == 2) {
      EXPECT_EQ(rounds.offer({clients[1], 0}), (Answer{true, 2, ""}));
      EXPECT_EQ(rounds.offer({clients[1], 1}), (Answer{true, 1, ""}));
      EXPECT_THAT(rounds.offer({clients[1], 0}).reason, HasSubstr("has given one already"));
    }
    EXPECT_EQ(rounds.close(10_s).size(), round == 2 ? 3U : 1U);
  }
  EXPECT_THAT(rounds.offer({clients[2], 0}).reason, HasSubstr("4 rounds late; the strategy takes at most 2"));
  EXPECT_EQ(rounds.offer({clients[2], 3}), (Answer{true, 1, ""}));  // between rounds
  EXPECT_THAT(rounds.offer({clients[0], 3}).reason, HasSubstr("has given one already"));
  rounds.open(clients, 20_s);
  EXPECT_THAT(rounds.close(30_s), ElementsAre(UpdateKey{clients[2], 3}));
}

TEST(Rounds, ForgottenRoundsAreRefusedWithoutABuffer) {
  Rounds rounds(parse_strategy("late sqrt"), {.cohort = 1}, 1, /*round=*/7);
  rounds.open(many_clients(1), 0_s);
  EXPECT_THAT(rounds.offer({shuffled_client(0), 6}).reason, HasSubstr("whom that round asked is no longer known"));
  Rounds buffered(parse_strategy("fedbuff 2"), {}, 1, /*round=*/7);
  buffered.open({}, 0_s);
  EXPECT_EQ(buffered.offer({shuffled_client(0), 5}), (Answer{true, 2, ""}));
  EXPECT_EQ(buffered.offer({shuffled_client(0), 6}), (Answer{true, 1, ""}));
  EXPECT_FALSE(buffered.offer({shuffled_client(0), 5}).taken);
  EXPECT_TRUE(buffered.due(0_s));
}

TEST(Rounds, WithABufferAreOverWhenItIsFull) {
  Rounds rounds(parse_strategy("fedbuff 3; late linear limit 1"), {}, 1);
  rounds.open(many_clients(4), 0_s);
  EXPECT_EQ(rounds.cohort().size(), 4U);
  EXPECT_EQ(rounds.deadline(), kNever);
  for (unsigned client = 0; client < 4; ++client) {
    EXPECT_EQ(rounds.due(1_s), client > 2);
    EXPECT_TRUE(rounds.offer({shuffled_client(client), 0}).taken);
    EXPECT_FALSE(rounds.overdue(1000_s));
  }
  EXPECT_EQ(rounds.close(1_s).size(), 4U);  // what comes before close() is in the round
  EXPECT_TRUE(rounds.offer({shuffled_client(9), 0}).taken);
  rounds.open(many_clients(4), 2_s);
  EXPECT_EQ(rounds.taken(), 1U);
}

// Whatever happens: every update offered is refused with a reason or handed out exactly once.
TEST(Rounds, LoseNothing) {
  for (const char* text : {"fedavg", "late sqrt limit 3", "fedbuff 4", "fedbuff 2; late constant limit 1"}) {
    Random random(1, text);
    const auto clients = many_clients(12);
    Rounds rounds(parse_strategy(text), {.cohort = 6, .minimum = 3, .duration = 5_s}, 1);
    std::map<UpdateKey, int> taken;
    std::map<UpdateKey, int> handed_out;
    for (Instant now = 0_s; now < 2000_s; now += 1_s) {
      if (!rounds.is_open() && random.below(2) == 0) rounds.open(clients, now);
      for (std::uint32_t offers = random.below(3); offers > 0; --offers) {
        const std::uint64_t age = std::min<std::uint64_t>(rounds.round(), random.below(6));
        const UpdateKey key{clients[random.below(12)], rounds.round() - age};
        const Answer answer = rounds.offer(key);
        EXPECT_EQ(answer.taken, answer.reason.empty());
        taken[key] += answer.taken ? 1 : 0;
        EXPECT_EQ(answer.staleness, answer.taken ? age : 0);
      }
      if (rounds.overdue(now)) rounds.extend(clients, now);
      if (rounds.due(now))
        for (const UpdateKey& key : rounds.close(now)) ++handed_out[key];
    }
    EXPECT_GT(handed_out.size(), 100U) << text;
    std::size_t waiting = 0;
    for (const auto& [key, count] : taken) {
      EXPECT_LE(count, 1);
      waiting += static_cast<std::size_t>(count - handed_out[key]);
    }
    EXPECT_EQ(waiting, rounds.taken()) << text;
  }
}

TEST(RoundRules, RefuseWhatCannotBe) {
  const auto error = [](const RoundRules& rules, const char* strategy = "fedavg") {
    return objection_of([&] { rules.check(parse_strategy(strategy)); }).value_or("no error");
  };
  EXPECT_EQ(error({}), "no error");
  EXPECT_THAT(error({.minimum = 0}), HasSubstr("need 0 updates"));
  EXPECT_THAT(error({.cohort = 3, .minimum = 4}), HasSubstr("rounds ask 3 clients and need 4 updates"));
  EXPECT_THAT(error({.cohort = 100000}), HasSubstr("expected 1 to 65536 clients"));
  EXPECT_THAT(error({.duration = 0_s}), HasSubstr("rounds last 0 ms"));
  EXPECT_THAT(error({.minimum = 4}, "krum 1"), HasSubstr("over with 4 updates; the strategy's combination needs 5"));
  EXPECT_EQ(error({.minimum = 5}, "krum 1"), "no error");
  EXPECT_THAT(error({.minimum = 5}, "multikrum 1 6"), HasSubstr("needs 6 or more"));
  EXPECT_THAT(error({}, "krum 1; fedbuff 4"), HasSubstr("over with 4 updates"));
}

}  // namespace
}  // namespace outrider::averaging
