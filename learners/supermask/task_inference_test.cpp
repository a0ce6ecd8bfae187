#include "learners/supermask/task_inference.h"

#include <cmath>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/encoders/embedder.h"
#include "learners/supermask/task_mixture.h"
#include "learners/supermask/test_base.h"
#include "learners/supermask/training.h"

namespace outrider {
namespace {

using testing::HasSubstr;

constexpr std::size_t kJudged = 30;  // pictures together

// Task 100 under a permutation of its pixels of each number's own, as permuted MNIST.
Dataset permuted_task(std::uint64_t number, std::size_t per_class = 30, std::uint64_t part = 0) {
  Dataset data = test_task(100, per_class, part);
  std::vector<std::size_t> order(data.shape.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random(number, "permutation").shuffle(std::span(order));
  const std::vector<std::uint8_t> pixels = data.pixels;
  for (std::size_t i = 0; i < pixels.size(); ++i)
    data.pixels[i] = pixels[i / order.size() * order.size() + order[i % order.size()]];
  return data;
}

using TaskMaker = Dataset (*)(std::uint64_t number, std::size_t per_class, std::uint64_t part);

NamedTasks inferable_tasks(const BaseNetwork& base, TaskMaker make, std::size_t count, std::size_t weight_epochs = 0) {
  const MaskTraining options{
      .batch = 15, .mask_epochs = 20, .mask_rate = 0.02F, .weight_epochs = weight_epochs, .seed = 3, .threads = 1};
  Ownership known(base);
  NamedTasks tasks;
  for (std::uint64_t number = 0; number < count; ++number) {
    TaskRecord record = learn_task(base, known, make(number, 60, 0), random_scores(base, number), options);
    known.add(record);
    tasks.emplace_back("task " + std::to_string(number), std::move(record));
  }
  return tasks;
}

std::vector<float> network_input(const BaseNetwork& base, const Dataset& pictures, std::size_t count) {
  std::vector<float> input(count * pictures.shape.size());
  preprocess(std::span(pictures.pixels).first(input.size()), pixel_values(base.preprocessing), input);
  return input;
}

TEST(SoftmaxEntropy, IsThatOfTheDefinition) {
  std::vector<float> gradient(4);
  EXPECT_DOUBLE_EQ(softmax_entropy(std::vector<float>{3, 3, 3, 3}, 1, gradient), std::log(4.0));
  EXPECT_THAT(gradient, testing::Each(testing::FloatNear(0, 1e-7F)));
  const double p = 1 / (1 + std::exp(-1.0));
  EXPECT_NEAR(softmax_entropy(std::vector<float>{1, 0, 5, 5}, 2, gradient),
              (-p * std::log(p) - (1 - p) * std::log(1 - p) + std::log(2.0)) / 2, 1e-12);
  EXPECT_EQ(softmax_entropy(std::vector<float>{1e30F, 0, -1e30F, 0}, 1, gradient), 0);  // no 0 times infinity
  EXPECT_THAT(gradient, testing::Each(0.0F));
}

TEST(SoftmaxEntropy, HasTheGradientOfItsDifferences) {
  constexpr std::size_t kSamples = 4;
  constexpr std::size_t kClasses = 5;
  Random random(1, "logits");
  std::vector<float> logits(kSamples * kClasses);
  for (float& logit : logits) logit = 2 * random.normal();
  std::vector<float> gradient(logits.size());
  std::vector<float> ignored(logits.size());
  softmax_entropy(logits, kSamples, gradient);
  constexpr float kStep = 1.0F / 128;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const float at = logits[i];
    logits[i] = at + kStep;
    const double above = softmax_entropy(logits, kSamples, ignored);
    const float high = logits[i];
    logits[i] = at - kStep;
    const double below = softmax_entropy(logits, kSamples, ignored);
    EXPECT_NEAR(gradient[i], (above - below) / (static_cast<double>(high) - static_cast<double>(logits[i])), 2e-6);
    logits[i] = at;
  }
}

TEST(TaskMixture, HasTheSlopesOfItsDifferences) {
  for (const char* network :
       {"input 1x6x6; linear 10 nobias; tanh; linear 3 nobias",
        "input 1x6x6; conv 4 k3 p1 nobias; batchnorm noaffine; tanh; avgpool 2; flatten; linear 3 nobias"}) {
    const BaseNetwork base = test_base(network);
    const NamedTasks tasks = inferable_tasks(base, test_task, 3, 2);
    TaskMixture mixture(base, tasks, kJudged, 1);
    std::ranges::copy(network_input(base, test_task(1), kJudged), mixture.input().begin());
    std::vector<double> shares{0.5, 0.2, 0.3};
    mixture.entropy(shares);
    const std::vector<double> slopes = mixture.slopes();
    constexpr double kStep = 1.0 / 64;
    for (std::size_t task = 0; task < tasks.size(); ++task) {
      const double at = shares[task];
      shares[task] = at + kStep;
      const double above = mixture.entropy(shares);
      shares[task] = at - kStep;
      const double below = mixture.entropy(shares);
      shares[task] = at;
      EXPECT_NEAR(slopes[task], (above - below) / (2 * kStep), 5e-3 * std::abs(slopes[task]) + 1e-3) << network;
      EXPECT_GT(std::abs(slopes[task]), 1e-2) << network;
    }
  }
}

// A share of 1 is the task itself, with its own weights.
TEST(TaskMixture, OfOneTaskIsThatTask) {
  const BaseNetwork base = test_base();
  const NamedTasks tasks = inferable_tasks(base, test_task, 3, 2);
  TaskMixture mixture(base, tasks, kJudged, 1);
  const auto input = network_input(base, test_task(1), kJudged);
  std::ranges::copy(input, mixture.input().begin());
  nn::TrainingPlan plan(base.network, kJudged, 1);
  plan.load(masked_parameters(base, tasks[1].second));
  std::vector<float> ignored(kJudged * base.outputs());
  EXPECT_EQ(mixture.entropy(std::vector<double>{0, 1, 0}), softmax_entropy(plan.forward(input), kJudged, ignored));
}

// The share of batches of new pictures, ten of each task, whose task is found.
double share_found(const BaseNetwork& base, const NamedTasks& tasks, TaskMaker make, TaskInferenceMethod method) {
  TaskInference inference(base, tasks, kJudged, 1);
  std::size_t right = 0;
  for (std::size_t task = 0; task < tasks.size(); ++task) {
    const Dataset pictures = make(task, 100, 1);
    std::vector<std::size_t> order(pictures.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    Random(task, "order").shuffle(std::span(order));
    for (std::size_t batch = 0; batch < 10; ++batch)
      right += inference.infer(pictures, std::span(order).subspan(batch * kJudged, kJudged), method) == task ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(10 * tasks.size());
}

TEST(TaskInference, FindsTheTaskOfNearlyAllBatches) {
  struct Case {
    const char* network;
    TaskMaker make;
    std::size_t weight_epochs;
  };
  const char* const connected = "input 1x6x6; linear 200 nobias; relu; linear 3 nobias";
  const char* const normalised = "input 1x6x6; linear 200 nobias; batchnorm noaffine; relu; linear 3 nobias";
  for (const Case& c : {Case{connected, test_task, 0}, Case{connected, permuted_task, 0}, Case{connected, test_task, 5},
                        Case{normalised, test_task, 0}, Case{normalised, permuted_task, 0}}) {
    const BaseNetwork base = test_base(c.network);
    const NamedTasks tasks = inferable_tasks(base, c.make, 10, c.weight_epochs);
    for (const auto method : {TaskInferenceMethod::one_shot, TaskInferenceMethod::binary_search})
      EXPECT_GT(share_found(base, tasks, c.make, method), 0.9)
          << c.network << (c.make == permuted_task ? ", permuted, method " : ", method ") << static_cast<int>(method);
  }
}

TEST(TaskInference, OfOneTaskIsThatTask) {
  const BaseNetwork base = test_base();
  TaskInference inference(base, inferable_tasks(base, test_task, 1), 1, 1);
  const std::vector<std::size_t> first{0};
  EXPECT_EQ(inference.infer(test_task(5), first, TaskInferenceMethod::one_shot), 0U);
  EXPECT_EQ(inference.infer(test_task(5), first, TaskInferenceMethod::binary_search), 0U);
}

TEST(TaskInference, TakesTheFirstOfEqualsAndSaysTheSameAgain) {
  const BaseNetwork base = test_base();
  const NamedTasks different = inferable_tasks(base, test_task, 3);
  NamedTasks tasks{different[0], different[1], different[1], different[2], different[1]};
  TaskInference inference(base, tasks, kJudged, 1);
  std::vector<std::size_t> indices(kJudged);
  std::iota(indices.begin(), indices.end(), std::size_t{20});
  const Dataset pictures = test_task(1, 30, 1);
  for (int again = 0; again < 3; ++again) {
    EXPECT_EQ(inference.infer(pictures, indices, TaskInferenceMethod::one_shot), 1U);
    EXPECT_EQ(inference.infer(pictures, indices, TaskInferenceMethod::binary_search), 1U);
  }
}

TEST(TaskInference, RefusesWhatDoesNotFit) {
  const auto mistake = [](const auto& action) -> std::string {
    try {
      action();
      return "";
    } catch (const InputError& error) {
      return error.what();
    }
  };
  const BaseNetwork base = test_base();
  const NamedTasks tasks = inferable_tasks(base, test_task, 2);
  EXPECT_THAT(mistake([&] { TaskInference(base, {}, 1, 1); }), HasSubstr("there is no task"));
  EXPECT_THAT(mistake([&] { TaskInference(base, tasks, 0, 1); }), HasSubstr("batch"));
  const BaseNetwork larger = test_base("input 1x6x6; linear 50 nobias; relu; linear 3 nobias");
  EXPECT_THAT(mistake([&] { TaskInference(larger, tasks, 1, 1); }), HasSubstr("the task 'task 0' masks 1440 weights"));
  Dataset large = test_task(1);
  large.shape = {1, 12, 3};
  TaskInference inference(base, tasks, 1, 1);
  EXPECT_THAT(mistake([&] { inference.infer(large, std::vector<std::size_t>{0}, TaskInferenceMethod::one_shot); }),
              HasSubstr("1x12x3; the base network takes 1x6x6"));
}

}  // namespace
}  // namespace outrider
