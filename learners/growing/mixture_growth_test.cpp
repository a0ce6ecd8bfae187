#include "learners/growing/mixture_growth.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/encoders/architectures.h"
#include "learners/growing/mixture_plan.h"
#include "learners/growing/test_mixtures.h"
#include "learners/surgery/partial_network.h"

namespace outrider::growing {
namespace {

using testing::HasSubstr;

std::vector<MixtureNetwork> random_parts(const MixtureForm& form, std::size_t count) {
  std::vector<MixtureNetwork> parts;
  for (std::size_t i = 0; i < count; ++i) parts.push_back(random_mixture(form, 100 * (i + 1)));
  return parts;
}

// What a layer computes of three random inputs: 3 x channels x pixels.
std::vector<float> values_after(const nn::NetworkSpec& network, const nn::Parameters& weights, std::size_t layer) {
  const surgery::PartialNetwork part = surgery::network_up_to(network, layer);
  nn::InferencePlan plan(part.network, part.parameters(weights), 1);
  std::vector<float> values(3 * plan.output_size());
  plan.forward(random_values(3 * network.input.size(), 9), values);
  return values;
}

bool computes(const nn::Layer& layer) {
  return !std::holds_alternative<nn::As>(layer) && !std::holds_alternative<nn::From>(layer);
}

float largest_of(std::span<const float> values) {
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

void expect_side_by_side(const MixtureForm& form, std::size_t count) {
  const auto parts = random_parts(form, count);
  const MixtureNetwork grown = grow(parts, {.rule = CrossingRule::kZero});
  const nn::NetworkSpec whole = layout_of(grown.form).network;
  const nn::Parameters weights = grown.weights();
  const std::size_t last = whole.layers.size() - 1;
  for (std::size_t layer = 0; layer < last; ++layer) {
    if (!computes(whole.layers[layer])) continue;
    const auto together = values_after(whole, weights, layer);
    const std::size_t size = together.size() / 3 / count;  // of a part's channels
    for (std::size_t i = 0; i < count; ++i) {
      const auto alone = values_after(form.part, parts[i].weights(), layer);
      for (std::size_t n = 0; n < 3; ++n)
        for (std::size_t k = 0; k < size; ++k)
          ASSERT_NEAR(together[(n * count + i) * size + k], alone[n * size + k], 1e-5F * (1 + largest_of(alone)))
              << "layer " << layer << " of part " << i << " at " << k;
    }
  }
  const auto outputs = values_after(whole, weights, last);
  std::vector<double> mean(outputs.size());
  for (const MixtureNetwork& part : parts) {
    const auto alone = values_after(form.part, part.weights(), last);
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += static_cast<double>(alone[i]) / static_cast<double>(count);
  }
  for (std::size_t i = 0; i < mean.size(); ++i)
    EXPECT_NEAR(outputs[i], mean[i], 1e-5 * (1 + static_cast<double>(largest_of(outputs))));
}

TEST(MixtureGrowth, WithoutCrossingsIsThePartsSideBySide) {
  expect_side_by_side(residual_form(), 2);
  expect_side_by_side(residual_form(), 3);
  expect_side_by_side(smooth_form(1), 2);
  expect_side_by_side({.part = architecture("lenet5", {1, 28, 28}, {.classes = 10}), .templates = 1}, 2);
  expect_side_by_side(
      {.part = nn::parse_network("input 1x8x8; conv 4 k3 p1; relu; conv 4 k3 p1 g4; instancenorm; relu; "
                                 "deconv 3 k2 s2; batchnorm sets2; relu; maxpool 2; flatten; linear 3")},
      2);
}

TEST(MixtureGrowth, SideBySideOfPlainWeightsIsTheSame) {
  const auto parts = random_parts(residual_form(), 3);
  std::vector<nn::Parameters> weights;
  for (const MixtureNetwork& part : parts) weights.push_back(part.weights());
  const MixtureNetwork grown = grow(parts, {.rule = CrossingRule::kZero});
  EXPECT_EQ(side_by_side(grown.form, weights), grown.weights());
}

TEST(MixtureGrowth, KeepsThePartsWhateverTheRule) {
  const auto parts = random_parts(residual_form(), 2);
  const MixtureNetwork side = grow(parts, {.rule = CrossingRule::kZero});
  for (const CrossingRule rule : {CrossingRule::kOrthogonal, CrossingRule::kCopy, CrossingRule::kRandom}) {
    const MixtureNetwork grown = grow(parts, {.rule = rule, .factor = 0.1F, .seed = 3});
    EXPECT_EQ(grown.templates, side.templates);
    EXPECT_EQ(grown.plain, side.plain);
    for (std::size_t t = 0; t < grown.coefficients.size(); ++t)
      for (std::size_t block = 0; block < 4; ++block) {
        const auto of = [&](const MixtureNetwork& network) {
          return std::vector<float>(network.coefficients[t].begin() + static_cast<std::ptrdiff_t>(2 * block),
                                    network.coefficients[t].begin() + static_cast<std::ptrdiff_t>(2 * block + 2));
        };
        EXPECT_EQ(of(grown) == of(side), block == 0 || block == 3) << rule_name(rule) << " " << t << " " << block;
      }
    EXPECT_EQ(grow(parts, {.rule = rule, .factor = 0.1F, .seed = 3}), grown);
    EXPECT_EQ(grow(parts, {.rule = rule, .factor = 0.1F, .seed = 4}) == grown, rule == CrossingRule::kOrthogonal);
  }
}

TEST(MixtureGrowth, OrthogonalCrossingsAreOrthogonalToTheMixturesThatAreThere) {
  // A set that one tensor mixes with 4 templates leaves room for 3 more directions.
  MixtureForm form{.part = nn::parse_network("input 1x4x4; linear 5; relu; linear 4; relu; linear 3"), .templates = 4};
  const auto parts = random_parts(form, 4);
  const MixtureNetwork grown = grow(parts, {.rule = CrossingRule::kOrthogonal, .factor = 0.25F});
  ASSERT_EQ(grown.coefficients.size(), 1U);
  const std::span<const float> all = grown.coefficients[0];
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t a = 0; a < 4; ++a)
      for (std::size_t b = 0; b < 4; ++b) {
        double product = 0;
        for (std::size_t k = 0; k < 4; ++k)
          product += static_cast<double>(all[(i * 4 + a) * 4 + k]) * static_cast<double>(all[(i * 4 + b) * 4 + k]);
        if (a != b) {
          EXPECT_NEAR(product, 0, 1e-5) << i << a << b;
        } else if (a != i) {
          EXPECT_NEAR(product, 0.0625, 1e-5);
        }
      }
}

TEST(MixtureGrowth, CopiesAreNearWhatTheyCopy) {
  const auto parts = random_parts(residual_form(), 2);
  const MixtureNetwork grown = grow(parts, {.rule = CrossingRule::kCopy, .factor = 1, .seed = 1});
  for (const auto& mixture : grown.coefficients)
    for (std::size_t k = 0; k < 2; ++k) {
      EXPECT_NE(mixture[2 + k], mixture[k]);
      EXPECT_NEAR(mixture[2 + k], mixture[k], 0.5F * (std::abs(mixture[0]) + std::abs(mixture[1])));
    }
}

TEST(MixtureGrowth, RefusesPartsThatDoNotFit) {
  auto parts = random_parts(residual_form(), 2);
  const auto objection = [&](const Crossings& crossings = {}) {
    return objection_of([&] { grow(parts, crossings); }).value_or("");
  };
  EXPECT_THAT(objection({.factor = INFINITY}), HasSubstr("finite"));
  EXPECT_THAT(objection({.rule = static_cast<CrossingRule>(4)}), HasSubstr("rule 4"));
  parts[1] = random_mixture(smooth_form(1), 1);
  EXPECT_THAT(objection(), HasSubstr("another form"));
  parts.pop_back();
  EXPECT_THAT(objection(), HasSubstr("2 to 16"));
  parts.resize(17, parts.front());
  EXPECT_THAT(objection(), HasSubstr("2 to 16"));
  EXPECT_THROW(parse_rule("best"), InputError);
  EXPECT_EQ(parse_rule(rule_name(CrossingRule::kCopy)), CrossingRule::kCopy);
}

}  // namespace
}  // namespace outrider::growing
