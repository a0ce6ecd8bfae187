// Rounds with clients of unlike capacity.
#include <chrono>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "learners/averaging/task_widths.h"
#include "learners/averaging/test_desk.h"
#include "learners/training/training_cost.h"

namespace outrider::averaging {
namespace {

using testing::HasSubstr;

class NarrowClients : public testing::Test {
 protected:
  static constexpr Instant kRound{10'000};

  static LearningTask task_with(const char* strategy) {
    return small_task(strategy, {.steps = 5}, "input 1x6x6; conv 16 k3 p1; relu; flatten; linear 16; relu; linear 3");
  }
  // Which can just train a part of that width.
  static Capacity capacity_for(const LearningTask& task, double width) {
    const training::Workload workload{.batch = task.work.batch, .threads = 1};
    return {.memory = training::training_cost(surgery::narrow_network(task.network, width), workload).bytes};
  }
  static constexpr Capacity kTiny{.memory = 1000};
};

TEST_F(NarrowClients, AreAskedForTheWidestPartThatTheyCanTrain) {
  const LearningTask task = task_with("fedavg");
  const TaskWidths widths(task, kRound);
  for (const double width : surgery::kWidths) {
    Capacity capacity = capacity_for(task, width);
    EXPECT_EQ(widths.trained_by(capacity), width);
    EXPECT_EQ(widths.sent_to(capacity), width);
    --capacity.memory;
    EXPECT_LT(widths.trained_by(capacity).value_or(0), width);
  }
  EXPECT_EQ(widths.trained_by({}), 1);
  EXPECT_EQ(widths.trained_by(kTiny), std::nullopt);
  EXPECT_EQ(widths.sent_to(kTiny), std::nullopt);
  // In ten seconds five batches, and no more than half a network's.
  const training::Workload workload{.batch = task.work.batch, .samples = static_cast<double>(5 * task.work.batch)};
  const double flops = training::training_cost(surgery::narrow_network(task.network, 0.5), workload).flops;
  EXPECT_EQ(widths.trained_by({.operations = static_cast<std::uint64_t>(flops / 10) + 1}), 0.5);
  EXPECT_EQ(widths.sent_to({.operations = 1}), 1);  // to predict with
  EXPECT_THAT(widths.excuse({.operations = 1}), HasSubstr("width 0.0625 takes"));
}

TEST_F(NarrowClients, AreOnRecordAndAverageWithTheOthers) {
  const LearningTask task = task_with("fedavgm rate 0.5 momentum 0.5");
  Desk desk(task, {.cohort = 3, .minimum = 3, .duration = kRound});
  desk.come({{}, capacity_for(task, 0.5), capacity_for(task, 0.25)});
  const double widths[] = {1, 0.5, 0.25};
  ServerState expected = task.initial_state();
  for (std::uint64_t round = 0; round < 2; ++round) {
    std::vector<Update> updates;
    for (unsigned i = 0; i < 3; ++i) {
      const RoundRecord shown = decode_round_record(desk.model(widths[i]), task);
      EXPECT_EQ(shown.state, narrow_state(task.network, expected, widths[i]));
      EXPECT_EQ(shown.width, widths[i]);
      for (unsigned other = 0; other < 3; ++other) EXPECT_EQ(shown.asks(shuffled_client(other)), i == other);
      const Update wider = desk.update_of(shuffled_client(i), round, 1, i == 0 ? 0.5 : 1);
      const std::string refusal = fmt::format("asks that client for width {}", widths[i]);
      EXPECT_THAT(desk.contribute(wider).value_or(""), HasSubstr(refusal));
      updates.push_back(desk.update_of(shuffled_client(i), round, 1, widths[i]));
      desk.restart(10 * round + i);
      EXPECT_EQ(desk.contribute(updates.back()), std::nullopt);
    }
    expected = apply_round(task.network, task.strategy, expected, updates);
  }
  EXPECT_EQ(desk.round().state, published(expected));
  EXPECT_LT(desk.model(0.25).size(), desk.model().size() / 4);
  EXPECT_TRUE(desk.model(0.75).empty());  // nobody has come for it
  EXPECT_THAT(desk.notices().back(), HasSubstr("asks 3 of 3 clients, 2 of them for a part"));
}

TEST_F(NarrowClients, ARestartAtAnyMomentInAnyOrderChangesNothing) {
  const LearningTask task = task_with("fedyogi rate 0.02; late sqrt limit 2");
  std::vector<Capacity> capacities(6);
  std::map<ClientId, double> width_of;
  for (unsigned i = 0; i < capacities.size(); ++i) {
    width_of[shuffled_client(i)] = i % 2 == 0 ? 1 : 0.25;
    if (i % 2 == 1) capacities[i] = capacity_for(task, 0.25);
  }
  const auto history = [&](std::uint64_t restarts) {
    Desk desk(task, {.cohort = 4, .minimum = 2, .duration = kRound});
    desk.come(capacities);
    Random random(restarts, "restarts");
    for (std::uint64_t round = 0; round < 4; ++round) {
      std::vector<ClientId> asked;
      for (const double width : {1.0, 0.25})
        for (const auto& [client, unused] : width_of)
          if (decode_round_record(desk.model(width), task).asks(client)) asked.push_back(client);
      EXPECT_EQ(asked.size(), 4U);
      for (const ClientId& client : asked) {
        if (restarts > 0 && random.below(2) == 0) desk.restart(random());
        EXPECT_EQ(desk.contribute(desk.update_of(client, round, 1, width_of[client])), std::nullopt);
      }
    }
    return std::pair(desk.model(), desk.model(0.25));
  };
  const auto expected = history(0);
  for (std::uint64_t seed = 1; seed <= 8; ++seed) EXPECT_EQ(history(seed), expected) << seed;
}

TEST_F(NarrowClients, GetTheirPartAsSoonAsTheyCome) {
  const LearningTask task = task_with("fedavg");
  Desk desk(task);
  desk.come(2);  // a round is open
  const RoundRecord before = desk.round();
  EXPECT_TRUE(desk.model(0.5).empty());
  desk.come({{}, {}, capacity_for(task, 0.5)});
  const RoundRecord shown = decode_round_record(desk.model(0.5), task);
  EXPECT_EQ(shown.state, narrow_state(task.network, before.state, 0.5));
  EXPECT_FALSE(shown.asks(shuffled_client(2)));
  EXPECT_EQ(desk.round(), before);
}

TEST_F(NarrowClients, AreSentNothingElse) {
  const LearningTask task = task_with("fedavg");
  Desk desk(task);
  const Capacity half = capacity_for(task, 0.5);
  EXPECT_TRUE(desk.merge().visible_to(desk.topic_of_model(1), {}));
  EXPECT_FALSE(desk.merge().visible_to(desk.topic_of_model(1), half));
  EXPECT_TRUE(desk.merge().visible_to(desk.topic_of_model(0.5), half));
  EXPECT_FALSE(desk.merge().visible_to(desk.topic_of_model(0.5), {}));
  EXPECT_FALSE(desk.merge().visible_to({std::string(kAveragingKind), task.id(), "update 0"}, {}));
  EXPECT_FALSE(desk.merge().visible_to(desk.topic_of_model(1), kTiny));
}

TEST_F(NarrowClients, AreNotAskedWhereTheStrategyTakesWholeNetworks) {
  for (const char* strategy : {"scaffold", "krum 0"}) {
    const LearningTask task = task_with(strategy);
    Desk desk(task, {.cohort = 5, .minimum = 3, .duration = kRound});
    desk.come({{}, {}, capacity_for(task, 0.5), kTiny, {}});
    EXPECT_EQ(desk.asked(), (std::vector{shuffled_client(0), shuffled_client(1), shuffled_client(4)})) << strategy;
    EXPECT_EQ(desk.round().population, 3U);
    EXPECT_TRUE(desk.model(0.5).empty());
    EXPECT_TRUE(desk.merge().visible_to(desk.topic_of_model(1), capacity_for(task, 0.5)));  // to predict with
  }
}

TEST_F(NarrowClients, WhoCannotTrainTheNarrowestPartIsExcusedOnce) {
  const LearningTask task = task_with("fedavg");
  Desk desk(task);
  desk.come({kTiny});
  ASSERT_EQ(desk.notices().size(), 2U);
  EXPECT_THAT(desk.notices().front(), HasSubstr("waits for clients"));
  EXPECT_THAT(desk.notices().back(), HasSubstr("a memory of 1 kB"));
  desk.come({kTiny, {}, {}, kTiny});
  ASSERT_EQ(desk.notices().size(), 3U);
  EXPECT_THAT(desk.notices().back(), HasSubstr("asks 2 of 2 clients; 2 more cannot train it"));
}

TEST_F(NarrowClients, AreFewerWithFedBuffOnlyByWhatIsKnown) {
  const LearningTask task = task_with("fedbuff 2; late linear limit 4");
  Desk desk(task);
  desk.come({{}, capacity_for(task, 0.5)});
  EXPECT_THAT(*desk.contribute(desk.update_of(shuffled_client(1), 0)), HasSubstr("for width 0.5"));
  EXPECT_EQ(desk.contribute(desk.update_of(shuffled_client(1), 0, 1, 0.5)), std::nullopt);
  EXPECT_EQ(desk.contribute(desk.update_of(shuffled_client(7), 0, 1, 0.25)), std::nullopt);  // was not there then
  EXPECT_EQ(desk.round().state.round, 1U);
}

TEST_F(NarrowClients, TenThousandAreConductedQuickly) {
  const LearningTask task = task_with("fedavg");
  Desk desk(task, {.cohort = 100, .minimum = 100, .duration = kRound});
  std::vector<Capacity> capacities(10'000);
  const std::uint64_t whole = capacity_for(task, 1).memory;
  for (unsigned i = 0; i < capacities.size(); ++i) capacities[i].memory = whole - i % 50 * 1000;
  const auto start = std::chrono::steady_clock::now();
  desk.come(capacities);
  for (int i = 0; i < 1000; ++i) desk.step();  // after so many messages
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  EXPECT_EQ(desk.round().population, 10'000U);
}

}  // namespace
}  // namespace outrider::averaging
