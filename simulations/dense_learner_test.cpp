#include "learners/baselines/dense_learner.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "learners/encoders/embedder.h"
#include "learners/nn/loss.h"
#include "learners/random.h"
#include "simulations/task_incremental/task_sequence.h"
#include "simulations/test_studies.h"

namespace outrider::simulations {
namespace {

using namespace baselines;

const Preprocessing kPictures{.input = {1, 8, 8}, .mean = 0.4F, .deviation = 0.2F};

nn::NetworkSpec tiny_network() {
  return nn::parse_network("input 1x8x8; linear 5; tanh; linear 3");
}

nn::TrainingPlan tiny_plan(std::uint64_t seed, std::size_t batch = 4) {
  nn::TrainingPlan plan(tiny_network(), batch, 1);
  plan.load(nn::Parameters::initial(tiny_network(), seed));
  return plan;
}

TrainableValues random_importance(nn::TrainingPlan& plan, std::uint64_t seed) {
  Random random(seed, "importance");
  TrainableValues values;
  for (const nn::Trainable& trainable : plan.trainables()) {
    values.emplace_back(trainable.value.size());
    for (float& value : values.back()) value = random.below(4) == 0 ? 0 : random.uniform();
  }
  return values;
}

void move_weights(nn::TrainingPlan& plan, std::uint64_t seed) {
  Random random(seed, "weights");
  for (const nn::Trainable& trainable : plan.trainables())
    for (float& value : trainable.value) value += 0.3F * random.normal();
}

TEST(ElasticWeights, PenaltyIsTheSumOverTasksButForAConstant) {
  nn::TrainingPlan plan = tiny_plan(1);
  ElasticWeights elastic(50);
  std::vector<TrainableValues> importances, anchors;
  for (std::uint64_t task = 0; task < 3; ++task) {
    move_weights(plan, task);
    importances.push_back(random_importance(plan, task));
    anchors.emplace_back();
    for (const nn::Trainable& t : plan.trainables()) anchors.back().emplace_back(t.value.begin(), t.value.end());
    elastic.consolidate(plan.trainables(), importances.back());
  }
  const auto sum_over_tasks = [&] {
    double sum = 0;
    for (std::size_t task = 0; task < 3; ++task)
      for (std::size_t t = 0; t < plan.trainables().size(); ++t)
        for (std::size_t i = 0; i < anchors[task][t].size(); ++i)
          sum += 25.0 * importances[task][t][i] *
                 std::pow(static_cast<double>(plan.trainables()[t].value[i]) - anchors[task][t][i], 2);
    return sum;
  };
  const double constant = sum_over_tasks() - elastic.penalty(plan.trainables());
  for (std::uint64_t step = 10; step < 14; ++step) {
    move_weights(plan, step);
    EXPECT_NEAR(sum_over_tasks() - elastic.penalty(plan.trainables()), constant, 1e-4 * sum_over_tasks());
  }
}

TEST(ElasticWeights, GradientIsThatOfThePenalty) {
  nn::TrainingPlan plan = tiny_plan(2);
  ElasticWeights elastic(7);
  for (std::uint64_t task = 0; task < 2; ++task) {
    elastic.consolidate(plan.trainables(), random_importance(plan, task));
    move_weights(plan, task);
  }
  for (const nn::Trainable& t : plan.trainables()) std::ranges::fill(t.gradient, 1.0F);
  elastic.add_gradient(plan.trainables());
  for (const nn::Trainable& t : plan.trainables())
    for (std::size_t i = 0; i < t.value.size(); ++i) {
      const float before = t.value[i];
      const float above = before + 0.01F, below = before - 0.01F;
      t.value[i] = above;
      const double up = elastic.penalty(plan.trainables());
      t.value[i] = below;
      const double down = elastic.penalty(plan.trainables());
      t.value[i] = before;
      EXPECT_NEAR(t.gradient[i] - 1, (up - down) / (static_cast<double>(above) - below), 1e-3) << t.spec.name;
    }
}

TEST(ElasticWeights, LeaveGradientsAloneBeforeTheFirstTask) {
  nn::TrainingPlan plan = tiny_plan(3);
  for (const nn::Trainable& t : plan.trainables()) std::ranges::fill(t.gradient, 1.0F);
  const ElasticWeights elastic(7);
  elastic.add_gradient(plan.trainables());
  EXPECT_EQ(elastic.penalty(plan.trainables()), 0);
  for (const nn::Trainable& t : plan.trainables())
    for (const float slope : t.gradient) EXPECT_EQ(slope, 1.0F);
}

// The mean of the squared slopes of log softmax at the label, each found by moving a weight of the plain tensors.
double fisher_by_differences(const Dataset& task, nn::Parameters parameters, std::size_t tensor, std::size_t i) {
  nn::TrainingPlan single(tiny_network(), 1, 1);
  const std::array<float, 256> values = pixel_values(kPictures);
  const float before = parameters.tensors[tensor].values[i];
  std::vector<double> slopes(task.size());
  for (const float step : {0.01F, -0.01F}) {
    parameters.tensors[tensor].values[i] = before + step;
    single.load(parameters);
    for (std::size_t picture = 0; picture < task.size(); ++picture) {
      preprocess(task.image(picture), values, single.input());
      std::vector<float> unused(3);
      const auto label = std::span(task.labels).subspan(picture, 1);
      slopes[picture] += nn::softmax_cross_entropy(single.forward(), label, unused) / (2 * step);
    }
  }
  double sum = 0;
  for (const double slope : slopes) sum += slope * slope;
  return sum / static_cast<double>(task.size());
}

TEST(FisherDiagonal, IsTheMeanSquaredSlopeOfTheLabelsLogProbability) {
  const Dataset task = bright_places(3, 4, 0);
  nn::TrainingPlan plan = tiny_plan(4);
  const nn::Parameters before = plan.parameters();
  const TrainableValues fisher = fisher_diagonal(plan, task, kPictures, 100, 1);
  EXPECT_EQ(plan.parameters(), before);
  // As plain tensors, through the plan's layouts.
  for (std::size_t t = 0; t < fisher.size(); ++t) std::ranges::copy(fisher[t], plan.trainables()[t].value.begin());
  const nn::Parameters plain = plan.parameters();
  for (std::size_t tensor = 0; tensor < plain.tensors.size(); ++tensor) {
    const std::vector<float>& found = plain.tensors[tensor].values;
    for (std::size_t i = 0; i < found.size(); i += 1 + found.size() / 20) {
      const double expected = fisher_by_differences(task, before, tensor, i);
      EXPECT_NEAR(found[i], expected, 0.05 * expected + 1e-4) << plain.tensors[tensor].spec.name << ' ' << i;
    }
  }
}

DenseTraining training_with(std::optional<float> strength) {
  return {
      .epochs = 8, .batch = 10, .rate = 0.005F, .ewc_strength = strength, .ewc_samples = 30, .seed = 3, .threads = 1};
}

DenseLearner taught(const TaskSequence& tasks, std::optional<float> strength, const std::string& network) {
  DenseLearner learner(nn::parse_network(network), kPictures, training_with(strength));
  for (std::size_t task = 0; task < tasks.size(); ++task) learner.learn(tasks.train(task), task);
  return learner;
}

TEST(DenseLearner, ForgetsAndElasticWeightsForgetLess) {
  const TaskSequence tasks(small_study(TaskKind::permuted), bright_places_pair(3, 40, 40), 1);
  const std::string network = "input 1x8x8; linear 20; relu; linear 3";
  DenseLearner once(nn::parse_network(network), kPictures, training_with({}));
  once.learn(tasks.train(0), 0);
  const DenseLearner tuned = taught(tasks, {}, network);
  const DenseLearner held = taught(tasks, 1e5F, network);
  EXPECT_GT(once.accuracy(tasks.test(0)), 0.95);
  EXPECT_LT(tuned.accuracy(tasks.test(0)), 0.85);
  EXPECT_GT(held.accuracy(tasks.test(0)), tuned.accuracy(tasks.test(0)) + 0.08);
  EXPECT_GT(held.accuracy(tasks.test(2)), 0.9) << "the last task is learned all the same";
}

TEST(DenseLearner, WithStrengthZeroIsFineTuningBitForBit) {
  const TaskSequence tasks(small_study(TaskKind::permuted), bright_places_pair(3, 20, 10), 1);
  for (const char* network : {"input 1x8x8; linear 20; relu; linear 3",
                              "input 1x8x8; conv 6 k3 p1 nobias; batchnorm; relu; globalavgpool; linear 3"})
    EXPECT_EQ(taught(tasks, 0.0F, network).parameters(), taught(tasks, {}, network).parameters()) << network;
}

}  // namespace
}  // namespace outrider::simulations
