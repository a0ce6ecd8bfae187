#include "learners/training/loop.h"

#include <algorithm>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/nn/loss.h"

namespace outrider::training {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::size_t kBatch = 4;
constexpr int kThreads = 1;
const Preprocessing kPreprocessing{.input = {1, 4, 4}, .mean = 0.5F, .deviation = 0.25F};

// Twelve pictures of three classes: three batches of four an epoch.
Dataset shaded() {
  Dataset dataset;
  dataset.shape = kPreprocessing.input;
  dataset.classes = {"a", "b", "c"};
  for (std::size_t n = 0; n < 12; ++n) {
    dataset.labels.push_back(static_cast<std::uint32_t>(n % 3));
    for (std::size_t i = 0; i < 16; ++i) dataset.pixels.push_back(static_cast<std::uint8_t>((n * 37 + i * 11) % 256));
  }
  return dataset;
}

nn::TrainingPlan small_plan() {
  const nn::NetworkSpec network = nn::parse_network("input 1x4x4; linear 5; relu; linear 3");
  nn::TrainingPlan plan(network, kBatch, kThreads);
  plan.load(nn::Parameters::initial(network, 1));
  return plan;
}

Descent at_rate(nn::TrainingPlan& plan, double rate, const nn::OptimizerOptions& options = {}) {
  return {plan.trainables(), options, {rate, 0, nn::ConstantRate{}}, kThreads};
}

struct Lesson {
  Dataset pictures = shaded();
  Batches batches{pictures, kPreprocessing, {.size = kBatch, .seed = 5}};
  nn::TrainingPlan plan = small_plan();

  Outcome learn(const Course& course, const Hooks& hooks = {}, double rate = 0.1, const Loss& loss = cross_entropy()) {
    Descent descent = at_rate(plan, rate);
    return train(trainee_of(plan), source_of(batches), loss, descent, course, hooks);
  }
};

TEST(TrainingLoop, IsForwardLossBackwardStepBitForBit) {
  Lesson lesson;
  const Outcome outcome = lesson.learn({.steps = 7});
  Lesson plain;
  nn::Optimizer optimizer(plain.plan, {});
  double sum = 0;
  for (int step = 0; step < 7; ++step) {
    const Batch& batch = plain.batches.next();
    sum += nn::softmax_cross_entropy(plain.plan.forward(batch.input), batch.labels, plain.plan.output_gradient());
    plain.plan.backward();
    optimizer.step(0.1F);
  }
  EXPECT_EQ(lesson.plan.parameters(), plain.plan.parameters());
  EXPECT_EQ(outcome.loss, sum / 7);
  EXPECT_EQ(outcome.steps, 7U);
  EXPECT_TRUE(outcome.finished);
}

TEST(TrainingLoop, FollowsTheSchedule) {
  Lesson falling;
  Descent descent(falling.plan.trainables(), {}, {0.1, 0, nn::StepDecay{2, 0.0}}, kThreads);
  train(trainee_of(falling.plan), source_of(falling.batches), cross_entropy(), descent, {.steps = 6});
  Lesson two;
  two.learn({.steps = 2});
  EXPECT_EQ(falling.plan.parameters(), two.plan.parameters()) << "the rate is 0 from the third step on";
}

TEST(TrainingLoop, TensorsApartLearnAsTogether) {
  Lesson together, apart;
  const nn::OptimizerOptions adam{.method = nn::Method::kAdam};
  Descent one = at_rate(together.plan, 0.01, adam);
  Descent each;
  const auto trainables = apart.plan.trainables();
  for (std::size_t i = 0; i < trainables.size(); ++i)
    each.add(trainables.subspan(i, 1), adam, {0.01, 0, nn::ConstantRate{}}, kThreads);
  train(trainee_of(together.plan), source_of(together.batches), cross_entropy(), one, {.steps = 5});
  train(trainee_of(apart.plan), source_of(apart.batches), cross_entropy(), each, {.steps = 5});
  EXPECT_EQ(together.plan.parameters(), apart.plan.parameters());
}

TEST(TrainingLoop, CallsHooksInTheirOrder) {
  Lesson lesson;
  std::vector<std::string> calls;
  lesson.learn({.steps = 4}, {.before_step = [&] { calls.emplace_back("before"); },
                              .correct = [&] { calls.emplace_back("correct"); },
                              .step_done =
                                  [&](std::uint64_t done, std::uint64_t of) {
                                    calls.push_back(std::to_string(done) + " of " + std::to_string(of));
                                    return true;
                                  },
                              .epoch_done =
                                  [&](const Epoch& epoch) {
                                    calls.push_back("epoch " + std::to_string(epoch.number));
                                    return true;
                                  }});
  EXPECT_THAT(calls, ElementsAre("before", "correct", "1 of 4", "before", "correct", "2 of 4", "before", "correct",
                                 "3 of 4", "epoch 1", "before", "correct", "4 of 4"));
}

TEST(TrainingLoop, StepsWithTheGradientsThatAHookCorrected) {
  Lesson lesson;
  const nn::Parameters before = lesson.plan.parameters();
  lesson.learn({.steps = 3}, {.correct = [&] {
                 for (const nn::Trainable& t : lesson.plan.trainables()) std::ranges::fill(t.gradient, 0.0F);
               }});
  EXPECT_EQ(lesson.plan.parameters(), before);
}

TEST(TrainingLoop, EndsWhereAHookSaysSo) {
  Lesson at_step, after_epoch;
  const Outcome stopped = at_step.learn({.steps = 6}, {.step_done = [](auto done, auto) { return done < 2; }});
  EXPECT_EQ(stopped.steps, 2U);
  EXPECT_FALSE(stopped.finished);
  const Outcome left = after_epoch.learn({.steps = 6}, {.epoch_done = [](const Epoch&) { return false; }});
  EXPECT_EQ(left.steps, 3U);
  EXPECT_FALSE(left.finished);
}

TEST(TrainingLoop, TellsTheLossOfEachEpoch) {
  Lesson lesson;
  std::vector<double> losses;
  const Outcome outcome = lesson.learn({.steps = 6}, {.epoch_done = [&](const Epoch& epoch) {
                                         losses.push_back(epoch.loss);
                                         return true;
                                       }});
  ASSERT_EQ(losses.size(), 2U);
  EXPECT_NE(losses[0], losses[1]);
  EXPECT_NEAR(outcome.loss, (losses[0] + losses[1]) / 2, 1e-12);
}

// What training says when the slopes of the second step are no numbers.
std::string said_of_nan(Look look, const std::function<void()>& own = {}) {
  Lesson lesson;
  std::uint64_t losses = 0, steps = 0;
  const Loss spoiled = [&](auto output, auto labels, auto gradient) {
    const double loss = nn::softmax_cross_entropy(output, labels, gradient);
    if (++losses == 2) std::ranges::fill(gradient, std::numeric_limits<float>::quiet_NaN());
    return loss;
  };
  const auto count = [&](auto done, auto) {
    steps = done;
    return true;
  };
  try {
    lesson.learn({.steps = 9, .look = look}, {.step_done = count, .diverged = own}, 0.1, spoiled);
  } catch (const InputError& error) {
    return std::to_string(steps) + ": " + error.what();
  }
  return "nothing";
}

TEST(TrainingLoop, SaysThatItDivergedAtTheStepOrAtTheEndOfTheEpoch) {
  EXPECT_THAT(said_of_nan(Look::kEveryStep), HasSubstr("1: training diverged: its numbers are no longer finite"));
  EXPECT_THAT(said_of_nan(Look::kEveryEpoch), HasSubstr("3: training diverged: its numbers are no longer finite"));
  EXPECT_EQ(said_of_nan(Look::kEveryStep, [] { throw InputError("of the caller"); }), "1: of the caller");
}

TEST(TrainingLoop, LabelsBecomeOutputsOfTheNetwork) {
  Lesson mapped, named;
  mapped.learn({.steps = 3}, {}, 0.1, cross_entropy({2, 0, 1}));
  const std::uint32_t outputs[] = {2, 0, 1};
  for (std::uint32_t& label : named.pictures.labels) label = outputs[label];
  Batches batches(named.pictures, kPreprocessing, {.size = kBatch, .seed = 5});
  Descent descent = at_rate(named.plan, 0.1);
  train(trainee_of(named.plan), source_of(batches), cross_entropy(), descent, {.steps = 3});
  EXPECT_EQ(mapped.plan.parameters(), named.plan.parameters());
}

TEST(TrainingLoop, CountsStepsOrWholeEpochs) {
  Lesson lesson;
  const BatchSource source = source_of(lesson.batches);
  EXPECT_EQ(step_count(0, 4, source), 12U);
  EXPECT_EQ(step_count(5, 4, source), 5U);
  EXPECT_EQ(lesson.learn({.steps = 0}).steps, 0U);
}

}  // namespace
}  // namespace outrider::training
