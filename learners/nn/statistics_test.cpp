// Sets of running statistics, and dropout's random numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/nn/plan.h"
#include "learners/nn/reference_network.h"
#include "learners/random.h"

namespace outrider::nn {
namespace {

constexpr const char* kTwoNorms = "input 3x5x4; batchnorm sets3; relu; conv 4 k3; batchnorm noaffine sets4; linear 2";

std::vector<float> inputs(std::size_t size, std::uint64_t seed) {
  std::vector<float> values = noise(size, seed);
  for (float& value : values) value = 2 * value + 1;
  return values;
}

// The values of one set of a tensor.
std::vector<float> set_of(const Parameters& parameters, const char* name, std::size_t set) {
  const Tensor& tensor = parameters.at(name);
  const auto size = static_cast<std::ptrdiff_t>(tensor.spec.dims.back());
  const auto first = tensor.values.begin() + static_cast<std::ptrdiff_t>(set) * size;
  return {first, first + size};
}

TEST(StatisticSets, TrainingMovesTheSelectedSetOnly) {
  const auto spec = parse_network(kTwoNorms);
  const Parameters start = Parameters::initial(spec, 1);
  TrainingPlan plan(spec, 4, 2);
  plan.load(start);
  plan.select_statistics(2);
  plan.forward(inputs(4 * 60, 1));
  const Parameters after = plan.parameters();
  ReferenceNetwork reference(spec, start, 4);
  reference.statistics_set = 2;
  const auto input = inputs(4 * 60, 1);
  reference.forward({input.begin(), input.end()}, true);
  for (const char* name : {"0.running_mean", "0.running_variance", "3.running_mean", "3.running_variance"}) {
    for (const std::size_t set : {0U, 1U}) EXPECT_EQ(set_of(after, name, set), set_of(start, name, set)) << name;
    EXPECT_NE(set_of(after, name, 2), set_of(start, name, 2));
    for (std::size_t i = 0; i < reference.values[name].size(); ++i)
      EXPECT_NEAR(after.at(name).values[i], reference.values[name][i], 1e-5) << name;
  }
}

TEST(StatisticSets, InferenceUsesTheChosenSet) {
  const auto spec = parse_network(kTwoNorms);
  Parameters parameters = Parameters::initial(spec, 1);
  Random random(2);
  for (Tensor& tensor : parameters.tensors)
    if (!tensor.spec.trainable())
      for (float& value : tensor.values) value = 0.5F + random.uniform();
  const auto input = inputs(60, 3);
  InferencePlan plan(spec, parameters, 1);
  for (const std::size_t set : {0U, 1U, 2U}) {
    plan.load(parameters, set);
    std::vector<float> output(2);
    plan.forward(input, output);
    ReferenceNetwork reference(spec, parameters, 1);
    reference.statistics_set = set;
    const auto expected = reference.forward({input.begin(), input.end()}, false);
    for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(output[i], expected[i], 1e-4) << set;
  }
}

TEST(StatisticSets, ASetThatDoesNotExistIsRefused) {
  const auto spec = parse_network(kTwoNorms);
  TrainingPlan plan(spec, 1, 1);
  EXPECT_THROW(plan.select_statistics(3), InputError);
  InferencePlan inference(spec, Parameters::initial(spec, 1), 1);
  EXPECT_THROW(inference.load(Parameters::initial(spec, 1), 3), InputError);
}

// What a plan with nothing but dropout makes of ones.
std::vector<float> dropped(const DropoutKey& key, int threads, std::size_t forwards = 1) {
  const auto spec = parse_network("input 20x5x5; dropout 0.4");
  TrainingPlan plan(spec, 10, threads);
  plan.set_dropout_key(key);
  std::span<const float> output;
  for (std::size_t i = 0; i < forwards; ++i) output = plan.forward(std::vector<float>(5000, 1.0F));
  return {output.begin(), output.end()};
}

TEST(Dropout, DependsOnItsKeyAndNotOnThreads) {
  const auto expected = dropped({1, 2, 3}, 1);
  EXPECT_EQ(dropped({1, 2, 3}, 2), expected);
  EXPECT_EQ(dropped({1, 2, 3}, 3), expected);
  EXPECT_NE(dropped({2, 2, 3}, 1), expected);
  EXPECT_NE(dropped({1, 3, 3}, 1), expected);
  EXPECT_NE(dropped({1, 2, 4}, 1), expected);
}

TEST(Dropout, EveryForwardMovesOnByOneStep) {
  EXPECT_EQ(dropped({1, 2, 3}, 1, 4), dropped({1, 2, 6}, 1));
}

TEST(Dropout, KeepsTheShareAndTheMean) {
  const auto values = dropped({1, 2, 3}, 2);
  const auto zeros = std::ranges::count(values, 0.0F);
  EXPECT_NEAR(static_cast<double>(zeros) / 5000, 0.4, 0.03);
  for (const float value : values) EXPECT_TRUE(value == 0.0F || value == 1.0F / 0.6F);
  EXPECT_FALSE(std::equal(values.begin(), values.begin() + 500, values.begin() + 500)) << "samples share a stream";
}

TEST(Dropout, InferencePassesValuesOn) {
  const auto spec = parse_network("input 3x1x1; dropout 0.9");
  InferencePlan plan(spec, Parameters::initial(spec, 1), 1);
  std::vector<float> output(3);
  plan.forward(std::vector<float>{1, 2, 3}, output);
  EXPECT_THAT(output, testing::ElementsAre(1, 2, 3));
}

}  // namespace
}  // namespace outrider::nn
