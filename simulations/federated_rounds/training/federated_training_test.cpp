#include "simulations/federated_rounds/training/federated_training.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/averaging/test_clients.h"
#include "learners/encoders/network_accuracy.h"
#include "learners/surgery/narrow.h"

namespace outrider::simulations {
namespace {

using averaging::LearningTask;
using ::testing::HasSubstr;

LearningTask task_of(const char* strategy) {
  return averaging::small_task(strategy, {.batch = 10, .rate = 0.1F}, "input 1x6x6; linear 20; relu; linear 3");
}

// Nobody has all classes.
std::vector<TrainingClient> clients_of(std::size_t count, double width = 1) {
  std::vector<TrainingClient> clients;
  for (unsigned client = 0; client < count; ++client)
    clients.push_back({averaging::without_class(test_task(1, 10, client), client % 3), width});
  return clients;
}

double accuracy_of(const FederatedTraining& training) {
  return network_accuracy(training.task().network, training.state().weights, training.task().preprocessing,
                          test_task(1, 30, 9));
}

class FederatedTrainingOf : public testing::TestWithParam<const char*> {};

TEST_P(FederatedTrainingOf, TeachesAllClassesToAModel) {
  const std::vector<TrainingClient> clients = clients_of(6);
  FederatedTraining training(task_of(GetParam()), clients, {.rules = {.cohort = 3, .minimum = 2}});
  for (std::uint64_t round = 0; round < 40; ++round) EXPECT_EQ(training.round().round, round);
  EXPECT_GT(accuracy_of(training), 0.9);
}

INSTANTIATE_TEST_SUITE_P(Strategies, FederatedTrainingOf, testing::Values("fedavg", "scaffold", "fedbuff 3"));

TEST(FederatedTraining, ComesToTheSameWithAnyNumberOfWorkers) {
  const std::vector<TrainingClient> clients = clients_of(5);
  const LearningTask task = task_of("fedavg; late sqrt");
  FederatedTraining alone(task, clients, {.rules = {.cohort = 4, .minimum = 2}, .late = 0.3, .workers = 1});
  FederatedTraining together(task, clients, {.rules = {.cohort = 4, .minimum = 2}, .late = 0.3, .workers = 3});
  for (int round = 0; round < 5; ++round) {
    alone.round();
    together.round();
  }
  EXPECT_EQ(alone.state(), together.state());
}

TEST(FederatedTraining, LateUpdatesAreUsedOrRefusedAsTheStrategySays) {
  const std::vector<TrainingClient> clients = clients_of(8);
  const FederatedTrainingOptions options{.rules = {.cohort = 6, .minimum = 1}, .late = 0.4};
  for (const auto& [strategy, taken] : {std::pair{"fedavg", false}, std::pair{"fedavg; late sqrt", true}}) {
    FederatedTraining training(task_of(strategy), clients, options);
    std::size_t asked = 0, used = 0, refused = 0;
    for (int round = 0; round < 6; ++round) {
      const TrainedRound result = training.round();
      asked += result.asked;
      used += result.used;
      refused += result.refused;
    }
    EXPECT_EQ(refused > 0, !taken) << strategy;
    EXPECT_LE(used + refused, asked);
    EXPECT_GE(used + refused + options.rules.cohort, asked);  // but for those of the last round that are still to come
  }
}

TEST(FederatedTraining, WaitsWhereEverybodyIsLate) {
  const std::vector<TrainingClient> clients = clients_of(2);
  FederatedTraining training(task_of("fedavg"), clients, {.rules = {.cohort = 2, .minimum = 2}, .late = 1});
  EXPECT_EQ(training.round().used, 2u);
  EXPECT_EQ(training.state().round, 1u);
}

TEST(FederatedTraining, NarrowClientsExchangeLess) {
  const std::vector<TrainingClient> wide = clients_of(3);
  const std::vector<TrainingClient> narrow = clients_of(3, 0.25);
  const LearningTask task = task_of("fedavg");
  FederatedTraining of_wide(task, wide, {.rules = {.cohort = 3, .minimum = 3}});
  FederatedTraining of_narrow(task, narrow, {.rules = {.cohort = 3, .minimum = 3}});
  const TrainedRound more = of_wide.round();
  const TrainedRound less = of_narrow.round();
  EXPECT_LT(less.sent_bytes, 0.5 * more.sent_bytes);
  EXPECT_LT(less.received_bytes, 0.5 * more.received_bytes);
  EXPECT_LT(less.operations, 0.5 * more.operations);
  EXPECT_EQ(of_narrow.weights_of(0), surgery::narrow_parameters(task.network, of_narrow.state().weights, 0.25));
}

TEST(FederatedTraining, GoesOnWithAnotherNetwork) {
  const std::vector<TrainingClient> clients = clients_of(3);
  const LearningTask task = task_of("fedavgm");
  FederatedTraining training(task, clients, {.rules = {.cohort = 3, .minimum = 3}});
  training.round();
  LearningTask other = task;
  other.network = nn::parse_network("input 1x6x6; linear 40; relu; linear 3");
  averaging::ServerState state = other.initial_state();
  state.round = training.state().round;
  training.go_on_with(other, state);
  EXPECT_EQ(training.state(), state);
  EXPECT_EQ(training.round().round, 1u);
}

TEST(FederatedTraining, NeedsAPicture) {
  const std::vector<TrainingClient> nobody(3);
  try {
    const FederatedTraining training(task_of("fedavg"), nobody, {});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no client has a picture"));
  }
}

}  // namespace
}  // namespace outrider::simulations
