#include "learners/growing/mixture_network.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/encoders/architectures.h"
#include "learners/growing/mixture_plan.h"
#include "learners/growing/orthogonal.h"
#include "learners/growing/test_mixtures.h"
#include "learners/nn/reference_network.h"

namespace outrider::growing {
namespace {

using testing::HasSubstr;

TEST(OrthogonalMatrix, HasRowsOfNormOneAtRightAngles) {
  for (const std::size_t n : {1U, 2U, 3U, 8U}) {
    Random random(1, "orthogonal", n);
    const auto matrix = orthogonal_matrix(n, random);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        double product = 0;
        for (std::size_t k = 0; k < n; ++k) product += matrix[i * n + k] * matrix[j * n + k];
        EXPECT_NEAR(product, i == j ? 1 : 0, 1e-12);
      }
  }
}

TEST(LeastDirection, IsOrthogonalToTheRowsWhereTheyLeaveRoom) {
  for (std::size_t n = 2; n <= 8; ++n) {
    Random random(2, "rows", n);
    std::vector<double> rows((n - 1) * n);
    for (double& value : rows) value = static_cast<double>(random.normal());
    const auto direction = least_direction(rows, n);
    double norm = 0;
    for (const double value : direction) norm += value * value;
    EXPECT_NEAR(norm, 1, 1e-12);
    for (std::size_t r = 0; r < rows.size(); r += n) {
      double product = 0;
      for (std::size_t k = 0; k < n; ++k) product += rows[r + k] * direction[k];
      EXPECT_NEAR(product, 0, 1e-6) << n;
    }
  }
}

TEST(LeastDirection, HasTheLeastOfManyRows) {
  Random random(3, "rows");
  std::vector<double> rows(20 * 3);
  for (double& value : rows) value = static_cast<double>(random.normal());
  const auto along = [&](const std::vector<double>& direction) {
    double sum = 0;
    for (std::size_t r = 0; r < rows.size(); r += 3) {
      double product = 0;
      for (std::size_t k = 0; k < 3; ++k) product += rows[r + k] * direction[k];
      sum += product * product;
    }
    return sum;
  };
  const double least = along(least_direction(rows, 3));
  for (int i = 0; i < 200; ++i) {
    Random other(static_cast<std::uint64_t>(i), "matrix");
    EXPECT_GE(along(orthogonal_matrix(3, other)), least - 1e-9);
  }
  EXPECT_EQ(least_direction({}, 3).size(), 3U);
}

TEST(MixtureForm, SharesSetsAmongTensorsOfLikeShape) {
  MixtureForm form{.part = architecture("conv4", {1, 28, 28}, {.classes = 10})};
  MixtureLayout layout = layout_of(form);
  EXPECT_EQ(layout.mixed.size(), 3U);  // the stem and the head are plain
  EXPECT_EQ(layout.sets.size(), 1U);
  form.sharing = 2;
  layout = layout_of(form);
  EXPECT_EQ(layout.sets.size(), 2U);
  EXPECT_EQ(layout.mixed[1].set, 0U);
  EXPECT_EQ(layout.mixed[2].set, 1U);
}

TEST(MixtureForm, GrowsTheArchitecturesThatHaveNoExoticLayers) {
  for (const char* name : {"conv4", "lenet5", "lenet-300-100", "resnet18", "resnet18-gem", "simplenet", "wrn-16-4"}) {
    const ImageShape picture =
        std::string_view(name).starts_with("lenet") ? ImageShape{1, 28, 28} : ImageShape{3, 32, 32};
    const MixtureForm form{.part = architecture(name, picture, {.classes = 10}), .parts = 2};
    const MixtureLayout layout = layout_of(form);
    EXPECT_GT(layout.network.parameter_count(), 2 * form.part.parameter_count()) << name;
    EXPECT_EQ(layout.network.output_shape(), form.part.output_shape()) << name;
  }
}

TEST(MixtureForm, RefusesNetworksThatDoNotGrow) {
  const auto objection = [](const char* network, std::uint32_t templates = 2, std::uint32_t parts = 2) {
    return objection_of([&] { layout_of({nn::parse_network(network), templates, 0, parts}); }).value_or("");
  };
  EXPECT_THAT(objection("input 1x6x6; linear 3"), HasSubstr("0.weight"));
  EXPECT_THAT(objection("input 1x6x6; conv 3 k3; relu; flatten"), HasSubstr("not fully connected"));
  EXPECT_THAT(objection("input 1x6x6; conv 4 k1; as a; conv 4 k1; concat a; flatten; linear 3"), HasSubstr("concat"));
  EXPECT_THAT(objection("input 1x6x6; conv 4 k1; conv 8 k1 g2; flatten; linear 3"), HasSubstr("stay as they are"));
  EXPECT_THAT(objection("input 2x6x6; conv 2 k1; add input; flatten; linear 3"), HasSubstr("hidden channels"));
  const char* good = "input 1x6x6; linear 4; relu; linear 3";
  EXPECT_EQ(objection(good), "");
  EXPECT_THAT(objection(good, 0), HasSubstr("templates"));
  EXPECT_THAT(objection(good, 65), HasSubstr("templates"));
  EXPECT_THAT(objection(good, 2, 0), HasSubstr("parts"));
  EXPECT_THAT(objection(good, 2, 17), HasSubstr("parts"));
}

TEST(MixtureNetwork, BeginsHeNormalWhateverIsShared) {
  const MixtureForm form{
      .part = nn::parse_network(
          "input 1x6x6; linear 60; relu; linear 60; relu; linear 60; relu; linear 60; relu; linear 3"),
      .templates = 2};
  const nn::Parameters weights = MixtureNetwork::initial(form, 1).weights();
  weights.check(form.part);
  for (const char* name : {"2.weight", "4.weight", "6.weight"}) {
    double square = 0;
    for (const float value : weights.at(name).values) square += static_cast<double>(value) * static_cast<double>(value);
    EXPECT_NEAR(square / 3600, 2.0 / 60, 0.1 * 2.0 / 60) << name;
  }
  EXPECT_NE(weights.at("2.weight").values, weights.at("4.weight").values);
  EXPECT_EQ(MixtureNetwork::initial(form, 1), MixtureNetwork::initial(form, 1));
  EXPECT_NE(MixtureNetwork::initial(form, 1), MixtureNetwork::initial(form, 2));
}

TEST(MixtureNetwork, RefusesNumbersThatAreNotItsOwn) {
  const MixtureNetwork good = MixtureNetwork::initial(residual_form(), 1);
  good.check("the network");
  const auto objection = [&](auto spoil) {
    MixtureNetwork network = good;
    spoil(network);
    return objection_of([&] { network.check("the network"); }).value_or("");
  };
  EXPECT_THAT(objection([](auto& n) { n.templates.pop_back(); }), HasSubstr("sets of templates"));
  EXPECT_THAT(objection([](auto& n) { n.templates[0].pop_back(); }), HasSubstr("set 0"));
  EXPECT_THAT(objection([](auto& n) { n.coefficients[0].push_back(1); }), HasSubstr("mixture of"));
  EXPECT_THAT(objection([](auto& n) { n.coefficients[0][0] = NAN; }), HasSubstr("not finite"));
  EXPECT_THAT(objection([](auto& n) { n.plain.tensors.pop_back(); }), HasSubstr("plain tensors"));
  EXPECT_THAT(objection([](auto& n) { n.form.parts = 2; }), HasSubstr("sets of templates"));
  EXPECT_THAT(objection([](auto& n) {
                for (auto& tensor : n.plain.tensors)
                  if (tensor.spec.role == nn::TensorRole::kRunningVariance) tensor.values[0] = -1;
              }),
              HasSubstr("variance below 0"));
}

// The loss, a product of the outputs with fixed slopes, in double precision.
double loss_at(const MixtureNetwork& network, std::span<const float> inputs, std::span<const float> slope) {
  const nn::NetworkSpec spec = layout_of(network.form).network;
  nn::ReferenceNetwork reference(spec, network.weights(), inputs.size() / spec.input.size());
  const auto outputs = reference.forward({inputs.begin(), inputs.end()}, /*training=*/true);
  double loss = 0;
  for (std::size_t i = 0; i < outputs.size(); ++i) loss += outputs[i] * static_cast<double>(slope[i]);
  return loss;
}

// Through a whole residual network of two parts: every kind of trainable against central differences.
TEST(MixturePlan, HasExactGradients) {
  constexpr std::size_t kBatch = 4;
  constexpr float kStep = 1e-2F;
  MixtureNetwork network = random_mixture(smooth_form(2), 5);
  const auto inputs = random_values(kBatch * layout_of(network.form).network.input.size(), 1);
  const auto slope = random_values(kBatch * 3, 2);
  MixturePlan plan(network, kBatch, 1);
  plan.forward(inputs);
  std::ranges::copy(slope, plan.output_gradient().begin());
  plan.backward();
  const auto trainables = plan.trainables();
  const auto gradient_of = [&](const std::string& name) {
    const auto found = std::ranges::find(trainables, name, [](const auto& t) { return t.spec.name; });
    EXPECT_NE(found, trainables.end()) << name;
    return found->gradient;
  };
  const auto expect_slopes = [&](std::vector<float>& values, std::span<const float> gradient, std::size_t every,
                                 const std::string& what) {
    ASSERT_EQ(values.size(), gradient.size()) << what;
    for (std::size_t i = 0; i < values.size(); i += every) {
      const float before = values[i];
      values[i] = before + kStep;
      const double above = loss_at(network, inputs, slope);
      values[i] = before - kStep;
      const double below = loss_at(network, inputs, slope);
      values[i] = before;
      const double expected = (above - below) / (2 * static_cast<double>(kStep));
      EXPECT_NEAR(gradient[i], expected, 2e-3 * (1 + std::abs(expected))) << what << " at " << i;
    }
  };
  const MixtureLayout layout = layout_of(network.form);
  ASSERT_EQ(layout.mixed.size(), 3U);
  for (std::size_t t = 0; t < layout.mixed.size(); ++t) {
    const std::string name = layout.mixed[t].whole.name;
    std::vector<float> gradient;
    for (std::size_t block = 0; block < 4; ++block)
      std::ranges::copy(gradient_of(name + ".coefficients." + std::to_string(block)), std::back_inserter(gradient));
    expect_slopes(network.coefficients[t], gradient, 1, name);
  }
  // Templates are trained under the name of the first tensor that mixes them; block 0 is part 0's, block 2 part 1's.
  expect_slopes(network.templates[0], gradient_of(layout.mixed[0].whole.name + ".templates.0"), 5, "set 0");
  expect_slopes(network.templates[layout.sets.size()], gradient_of(layout.mixed[0].whole.name + ".templates.2"), 5,
                "set 0 of part 1");
  for (nn::Tensor& tensor : network.plain.tensors)
    if (tensor.spec.trainable() && tensor.spec.dims.size() == 1)
      expect_slopes(tensor.values, gradient_of(tensor.spec.name), 1, tensor.spec.name);
}

TEST(MixturePlan, LeavesAloneWhatDoesNotLearn) {
  const MixtureNetwork before = random_mixture(smooth_form(2), 7);
  MixturePlan plan(before, 4, 1, kCrossingPieces);
  const auto inputs = random_values(plan.plan().input().size(), 1);
  const auto trainables = plan.trainables();
  nn::Optimizer optimizer(trainables, {.momentum = 0.9F, .weight_decay = 1e-3F}, 1);
  for (int step = 0; step < 3; ++step) {
    plan.forward(inputs);
    std::ranges::copy(random_values(12, 3), plan.output_gradient().begin());
    plan.backward();
    optimizer.step(0.1F);
  }
  const MixtureNetwork after = plan.network();
  after.check("what was learned");
  EXPECT_EQ(after.templates, before.templates);
  const MixtureLayout layout = layout_of(before.form);
  for (std::size_t t = 0; t < layout.mixed.size(); ++t)
    for (std::size_t block = 0; block < 4; ++block)
      for (std::size_t j = 0; j < 2; ++j)
        EXPECT_EQ(after.coefficients[t][block * 2 + j] == before.coefficients[t][block * 2 + j],
                  block == 0 || block == 3)
            << t << " " << block;
  const std::size_t last = layout.network.layers.size() - 1;
  for (std::size_t t = 0; t < layout.plain.size(); ++t) {
    const nn::TensorSpec& spec = layout.plain[t].whole;
    const bool hidden =
        spec.layer != last && (spec.role == nn::TensorRole::kWeight || spec.role == nn::TensorRole::kBias);
    EXPECT_EQ(after.plain.tensors[t] == before.plain.tensors[t], hidden) << spec.name;
  }
}

}  // namespace
}  // namespace outrider::growing
