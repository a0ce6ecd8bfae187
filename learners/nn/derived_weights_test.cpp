#include "learners/nn/derived_weights.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/nn/optimizer.h"
#include "learners/nn/reference_network.h"
#include "learners/random.h"

namespace outrider::nn {
namespace {

using testing::ElementsAre;

constexpr const char* kNetwork = "input 2x6x6; conv 5 k3; relu; conv 6 k2; tanh; linear 3";
constexpr std::size_t kDerivedBatch = 3;

// A small network, and the loss that is the dot product of its output with fixed numbers, as a function of tensors.
class DerivedWeights : public testing::Test {
 protected:
  DerivedWeights()
      : spec_(parse_network(kNetwork)),
        start_(Parameters::initial(spec_, 1)),
        plan_(spec_, kDerivedBatch, 2),
        input_(noise(kDerivedBatch * 72, 2)),
        slope_(noise(kDerivedBatch * 3, 3)) {
    plan_.load(start_);
    std::ranges::copy(input_, plan_.input().begin());
    std::ranges::copy(slope_, plan_.output_gradient().begin());
  }

  double loss(const std::map<std::string, std::vector<double>>& tensors) const {
    ReferenceNetwork reference(spec_, start_, kDerivedBatch);
    for (const auto& [name, values] : tensors) reference.values[name] = values;
    const auto output = reference.forward({input_.begin(), input_.end()}, true);
    double sum = 0;
    for (std::size_t i = 0; i < output.size(); ++i) sum += output[i] * slope_[i];
    return sum;
  }

  // The slope of `function` along entry i of `values`.
  template <typename Function>
  static double slope_along(std::vector<double>& values, std::size_t i, Function function) {
    const double before = values[i];
    values[i] = before + 1e-6;
    const double above = function();
    values[i] = before - 1e-6;
    const double below = function();
    values[i] = before;
    return (above - below) / 2e-6;
  }

  // From the plan's layout, in which elementwise weights are trained; padding has no gradient.
  std::vector<float> plain_gradient(const Trainable& trained, std::string_view tensor) {
    const auto all = plan_.trainables();
    const auto found = std::ranges::find(all, tensor, [](const Trainable& t) { return std::string_view(t.spec.name); });
    const auto order = plan_.layout_order(static_cast<std::size_t>(found - all.begin()));
    EXPECT_EQ(order.size(), trained.gradient.size());
    std::vector<float> plain(trained.spec.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (order[i] != kPadding)
        plain[order[i]] = trained.gradient[i];
      else
        EXPECT_EQ(trained.gradient[i], 0);
    }
    return plain;
  }

  NetworkSpec spec_;
  Parameters start_;
  TrainingPlan plan_;
  std::vector<float> input_;
  std::vector<float> slope_;
};

std::vector<std::uint8_t> top(std::vector<float> scores, double density) {
  std::vector<std::uint8_t> mask(scores.size());
  select_top(scores, kept_count(density, scores.size()), mask);
  return mask;
}

TEST(SelectTop, TakesTheLargestMagnitudesAndTheFirstOfEqualOnes) {
  EXPECT_THAT(top({1, -3, 2, 0, -2.5F}, 0.4), ElementsAre(0, 1, 0, 0, 1));
  EXPECT_THAT(top({1, 1, -1, 1, 0}, 0.4), ElementsAre(1, 1, 0, 0, 0));
  EXPECT_THAT(top({1, 1, -1, 1, 5}, 0.5), ElementsAre(1, 1, 0, 0, 1));
  EXPECT_THAT(top({0, 0, 0}, 0.01), ElementsAre(1, 0, 0));
  EXPECT_THAT(top({0, 0, 0}, 1), ElementsAre(1, 1, 1));
  EXPECT_THAT(top({1, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 2}, 0.5),
              ElementsAre(0, 1, 1, 0));
}

TEST_F(DerivedWeights, ScoresGetTheGradientStraightThroughTheMask) {
  const TensorSpec& tensor = start_.at("2.weight").spec;
  const auto weights = noise(tensor.size(), 4);
  const auto scores = noise(tensor.size(), 5);
  MaskedWeight masked(tensor, weights, scores, kept_count(0.3, tensor.size()));
  DerivedPlan derived(plan_);
  derived.derive("2.weight", masked);
  derived.forward();
  derived.backward();

  std::vector<double> effective(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) effective[i] = static_cast<double>(masked.mask()[i]) * weights[i];
  EXPECT_EQ(std::ranges::count(masked.mask(), 1), 36);  // of 120
  const auto trained = masked.trainables();
  ASSERT_EQ(trained.size(), 1U);
  const std::vector<float> gradient = plain_gradient(trained[0], "2.weight");
  for (std::size_t i = 0; i < weights.size(); i += 7) {
    const double expected = slope_along(effective, i,
                                        [&] {
                                          return loss({{"2.weight", effective}});
                                        }) *
                            weights[i] * (scores[i] < 0 ? -1 : 1);
    EXPECT_NEAR(gradient[i], expected, 1e-4 * (1 + std::abs(expected))) << i;
  }
}

TEST_F(DerivedWeights, MaskedTrainingMovesScoresNotWeights) {
  const TensorSpec& tensor = start_.at("2.weight").spec;
  const auto weights = noise(tensor.size(), 4);
  const auto scores = noise(tensor.size(), 5);
  MaskedWeight masked(tensor, weights, scores, kept_count(0.3, tensor.size()));
  DerivedPlan derived(plan_);
  derived.derive("2.weight", masked);
  const auto trainables = derived.trainables();
  ASSERT_EQ(trainables.size(), plan_.trainables().size());
  Optimizer optimizer(trainables, {.method = Method::kAdam}, 2);
  for (int i = 0; i < 5; ++i) {
    derived.forward();
    derived.backward();
    optimizer.step(0.1F);
  }
  EXPECT_TRUE(std::ranges::equal(masked.weights(), weights));
  EXPECT_FALSE(std::ranges::equal(masked.scores(), scores));
}

TEST_F(DerivedWeights, HeldWeightsKeepTheirBits) {
  const TensorSpec& tensor = start_.at("2.weight").spec;
  const auto weights = noise(tensor.size(), 4);
  MaskedWeight masked(tensor, weights, noise(tensor.size(), 5), kept_count(0.5, tensor.size()));
  std::vector<std::uint8_t> free(tensor.size());
  for (std::size_t i = 0; i < free.size(); i += 2) free[i] = 1;
  masked.learn_weights(free);
  const std::vector<std::uint8_t> mask = masked.mask();
  DerivedPlan derived(plan_);
  derived.derive("2.weight", masked);
  Optimizer optimizer(derived.trainables(), {.method = Method::kAdam}, 2);
  for (int i = 0; i < 5; ++i) {
    derived.forward();
    derived.backward();
    optimizer.step(0.1F);
  }
  EXPECT_TRUE(std::ranges::equal(masked.mask(), mask));
  for (std::size_t i = 0; i < weights.size(); ++i)
    EXPECT_EQ(masked.weights()[i] == weights[i], (mask[i] & free[i]) == 0) << i;
}

TEST_F(DerivedWeights, MixturesHaveExactGradients) {
  // 6x5x2x2 of two blocks: outputs 0..2 x inputs 0..4 and outputs 3..5 x inputs 1..4, the rest zero; the second set of
  // templates serves both a block here and one of the first layer's weights' size.
  Templates wide(2, {3, 5, 2, 2}, noise(2 * 60, 6));
  Templates narrow(3, {3, 4, 2, 2}, noise(3 * 48, 7));
  MixedWeight mixed(start_.at("2.weight").spec, {{&wide, {0.5F, -1.25F}, 0, 0}, {&narrow, {0.3F, 0.7F, -0.2F}, 3, 1}});
  DerivedPlan derived(plan_);
  derived.derive("2.weight", mixed);
  derived.forward();
  derived.backward();

  std::vector<double> wide_values(wide.values.begin(), wide.values.end());
  std::vector<double> narrow_values(narrow.values.begin(), narrow.values.end());
  std::vector<double> wide_mix{0.5, -1.25};
  std::vector<double> narrow_mix{0.3F, 0.7F, -0.2F};
  const auto mixed_loss = [&] {
    std::vector<double> weight(120);
    for (std::size_t o = 0; o < 6; ++o)
      for (std::size_t i = 0; i < 5; ++i)
        for (std::size_t k = 0; k < 4; ++k) {
          double& value = weight[(o * 5 + i) * 4 + k];
          for (std::size_t j = 0; j < 2 && o < 3; ++j) value += wide_mix[j] * wide_values[j * 60 + (o * 5 + i) * 4 + k];
          for (std::size_t j = 0; j < 3 && o >= 3 && i >= 1; ++j)
            value += narrow_mix[j] * narrow_values[j * 48 + ((o - 3) * 4 + i - 1) * 4 + k];
        }
    return loss({{"2.weight", weight}});
  };
  const auto trained = mixed.trainables();
  ASSERT_EQ(trained.size(), 4U);
  std::vector<double>* const parts[] = {&wide_mix, &wide_values, &narrow_mix, &narrow_values};
  for (std::size_t p = 0; p < 4; ++p)
    for (std::size_t i = 0; i < parts[p]->size(); i += p % 2 == 0 ? 1 : 11) {
      const double expected = slope_along(*parts[p], i, mixed_loss);
      EXPECT_NEAR(trained[p].gradient[i], expected, 1e-4 * (1 + std::abs(expected))) << p << " " << i;
    }
}

TEST_F(DerivedWeights, SharedTemplatesGetTheSumOfTheirGradientsAndAreTrainedOnce) {
  const auto spec = parse_network("input 4x1x1; linear 4 nobias; linear 4 nobias");
  TrainingPlan plan(spec, 1, 1);
  Templates shared(1, {4, 4}, {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1});
  MixedWeight first(network_tensors(spec)[0], {{&shared, {2.0F}}});
  MixedWeight second(network_tensors(spec)[1], {{&shared, {3.0F}}});
  DerivedPlan derived(plan);
  derived.derive("0.weight", first);
  derived.derive("1.weight", second);
  EXPECT_EQ(derived.trainables().size(), 3U);
  std::ranges::copy(std::vector<float>{1, 2, 3, 4}, plan.input().begin());
  EXPECT_THAT(derived.forward(), ElementsAre(6, 12, 18, 24));
  std::ranges::copy(std::vector<float>{1, 0, 0, 0}, plan.output_gradient().begin());
  for (int repeat = 0; repeat < 2; ++repeat) {
    derived.backward();
    // d second = 3 * slope (x) hidden(2 4 6 8), d first = 2 * (3, 0, 0, 0) (x) input: both 6 * (1 2 3 4) in row 0.
    EXPECT_THAT(std::span(shared.gradient).first(5), ElementsAre(12, 24, 36, 48, 0));
    EXPECT_EQ(first.trainables()[0].gradient[0], 3.0F);
    EXPECT_EQ(second.trainables()[0].gradient[0], 2.0F);
    derived.forward();
  }
}

TEST_F(DerivedWeights, PartsThatDoNotFitAreRefused) {
  const TensorSpec& tensor = start_.at("2.weight").spec;
  EXPECT_THROW(MaskedWeight(tensor, std::vector<float>(3), std::vector<float>(3), kept_count(0.5, 120)), InputError);
  EXPECT_THROW(MaskedWeight(tensor, std::vector<float>(120), std::vector<float>(120), kept_count(0, 120)), InputError);
  EXPECT_THROW(MaskedWeight(tensor, std::vector<float>(120), std::vector<float>(120), kept_count(1.5, 120)),
               InputError);
  EXPECT_THROW(Templates(2, {3, 5, 2, 2}, std::vector<float>(119)), InputError);
  EXPECT_THROW(Templates(0, {3, 5, 2, 2}, {}), InputError);
  Templates templates(2, {3, 5, 2, 2}, std::vector<float>(120));
  EXPECT_THROW(MixedWeight(tensor, {{&templates, {1}, 0, 0}}), InputError);
  EXPECT_THROW(MixedWeight(tensor, {{&templates, {1, 1}, 4, 0}}), InputError);
  EXPECT_THROW(MixedWeight(tensor, {{&templates, {1, 1}, 0, 0}, {&templates, {1, 1}, 2, 0}}), InputError);
  MixedWeight fitting(tensor, {{&templates, {1, 1}, 0, 0}, {&templates, {1, 1}, 3, 0}});
  DerivedPlan derived(plan_);
  EXPECT_THROW(derived.derive("7.weight", fitting), InputError);
  EXPECT_THROW(derived.derive("0.weight", fitting), InputError);
  derived.derive("2.weight", fitting);
  EXPECT_THROW(derived.derive("2.weight", fitting), InputError);
}

}  // namespace
}  // namespace outrider::nn
