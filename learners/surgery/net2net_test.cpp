#include "learners/surgery/net2net.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/encoders/architectures.h"
#include "learners/nn/loss.h"
#include "learners/nn/optimizer.h"
#include "learners/surgery/channels.h"
#include "learners/surgery/test_networks.h"
#include "learners/surgery/value_statistics.h"

namespace outrider::surgery {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;

constexpr std::uint64_t kSeeds[] = {1, 2, 3};

double largest_relative_difference(std::span<const float> a, std::span<const float> b) {
  EXPECT_EQ(a.size(), b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double scale = std::max(1.0, std::abs(static_cast<double>(a[i])));
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])) / scale);
  }
  return largest;
}

void expect_same_function(const nn::NetworkSpec& network, const nn::Parameters& weights, const GrowthStep& step) {
  const Grown grown = grow(network, weights, step);
  EXPECT_EQ(grown.network, grown_network(network, step));
  EXPECT_EQ(nn::parse_network(grown.network.text()), grown.network);
  EXPECT_LE(largest_relative_difference(outputs_of(network, weights), outputs_of(grown.network, grown.parameters)),
            1e-5)
      << text_of(step) << " of " << network.text();
}

std::int64_t channels_of(const nn::NetworkSpec& network, std::size_t layer) {
  return network.shapes()[layer + 1].channels;
}

std::vector<nn::NetworkSpec> networks() {
  std::vector<nn::NetworkSpec> networks;
  for (const char* text : kTestNetworks) networks.push_back(nn::parse_network(text));
  networks.push_back(architecture("lenet-300-100", {1, 6, 6}, {.classes = 3}));
  networks.push_back(nn::parse_network(
      "input 3x8x8; conv 4 k3 p1; relu; conv 8 k1; batchnorm; relu; conv 8 k3 p1 g8 nobias; batchnorm; relu; dropout "
      "0.3; upsample 2; instancenorm; sigmoid; avgpool 2; linear 5"));
  return networks;
}

TEST(Widening, KeepsTheFunctionOfEveryNetworkAtEveryLayer) {
  for (const nn::NetworkSpec& network : networks())
    for (const std::uint64_t seed : kSeeds)
      for (const std::size_t layer : widenable_layers(network)) {
        const std::int64_t channels = channels_of(network, layer);
        for (const std::int64_t wide : {channels + 1, 2 * channels, 5 * channels + 3})
          for (const bool fresh : {false, true})
            expect_same_function(network, random_weights(network, seed),
                                 WidenStep{.layer = layer, .channels = wide, .seed = seed, .fresh = fresh});
      }
}

TEST(Widening, KeepsTheFunctionOfResidualNetworks) {
  for (const char* name : {"resnet18-gem", "wrn-16-4"}) {
    const nn::NetworkSpec network = architecture(name, {1, 8, 8}, {.classes = 4});
    for (const std::size_t layer : {widenable_layers(network).front(), widenable_layers(network).back()})
      for (const bool fresh : {false, true})
        expect_same_function(
            network, nn::Parameters::initial(network, 4),
            WidenStep{.layer = layer, .channels = channels_of(network, layer) + 5, .seed = 7, .fresh = fresh});
  }
}

TEST(Widening, WidensAllLayersWhoseChannelsASumTies) {
  const nn::NetworkSpec network = nn::parse_network(
      "input 1x4x4; conv 4 k3 p1; relu; as a; conv 6 k3 p1; relu; conv 4 k3 p1; add a; relu; conv 4 k3 p1 g4; flatten; "
      "linear 2");
  const nn::NetworkSpec wider = widened_network(network, {.layer = 5, .channels = 7});
  EXPECT_EQ(wider.text(),
            "input 1x4x4; conv 7 k3 p1; relu; as a; conv 6 k3 p1; relu; conv 7 k3 p1; add a; relu; conv 7 k3 p1 g7; "
            "flatten; linear 2");
}

TEST(Widening, IsThatOfThePaper) {
  const nn::NetworkSpec network = nn::parse_network("input 2x1x1; linear 3; batchnorm; relu; linear 2");
  const nn::Parameters old = random_weights(network, 5);
  const Grown grown = grow(network, old, WidenStep{.layer = 0, .channels = 7, .seed = 3, .noise = 0});
  ASSERT_EQ(grown.mapping.size(), 7U);
  std::vector<float> copies(3);
  for (std::size_t j = 0; j < 7; ++j) {
    EXPECT_TRUE(j >= 3 || grown.mapping[j] == j);
    ++copies.at(grown.mapping[j]);
  }
  for (std::size_t j = 0; j < 7; ++j) {
    const std::size_t from = grown.mapping[j];
    for (const char* name : {"0.bias", "1.gamma", "1.beta", "1.running_mean", "1.running_variance"})
      EXPECT_EQ(grown.parameters.at(name).values[j], old.at(name).values[from]) << name;
    for (std::size_t i = 0; i < 2; ++i)
      EXPECT_EQ(grown.parameters.at("0.weight").values[j * 2 + i], old.at("0.weight").values[from * 2 + i]);
    for (std::size_t out = 0; out < 2; ++out)
      EXPECT_FLOAT_EQ(grown.parameters.at("3.weight").values[out * 7 + j],
                      old.at("3.weight").values[out * 3 + from] / copies[from]);
  }
  EXPECT_EQ(grown.parameters.at("3.bias"), old.at("3.bias"));
}

TEST(Widening, ByFreshChannelsKeepsEveryNumberAndReadsNothingNew) {
  const nn::NetworkSpec network = nn::parse_network("input 2x1x1; linear 3; batchnorm; relu; linear 2");
  const nn::Parameters old = random_weights(network, 5);
  const WidenStep step{.layer = 0, .channels = 5, .seed = 3, .fresh = true};
  const Grown grown = grow(network, old, step);
  EXPECT_EQ(grown.mapping, (std::vector<std::uint32_t>{0, 1, 2, kNewChannel, kNewChannel}));
  const nn::Parameters drawn = nn::Parameters::initial(grown.network, 3);
  for (std::size_t j = 0; j < 5; ++j) {
    for (const char* name : {"0.bias", "1.gamma", "1.beta", "1.running_mean", "1.running_variance"})
      EXPECT_EQ(grown.parameters.at(name).values[j], (j < 3 ? old : drawn).at(name).values[j]) << name;
    for (std::size_t i = 0; i < 2; ++i)
      EXPECT_EQ(grown.parameters.at("0.weight").values[j * 2 + i],
                (j < 3 ? old : drawn).at("0.weight").values[j * 2 + i]);
    for (std::size_t out = 0; out < 2; ++out)
      EXPECT_EQ(grown.parameters.at("3.weight").values[out * 5 + j],
                j < 3 ? old.at("3.weight").values[out * 3 + j] : 0);
  }
  EXPECT_EQ(grown.parameters.at("3.bias"), old.at("3.bias"));
  EXPECT_EQ(grow(network, old, step), grown);
}

TEST(Widening, OfOneChannelMakesNoGroupsOfIt) {
  const nn::NetworkSpec network = nn::parse_network("input 1x4x4; conv 1 k3 p1; relu; linear 2");
  expect_same_function(network, random_weights(network, 1), WidenStep{.layer = 0, .channels = 3, .seed = 1});
}

std::vector<float> training_outputs(const nn::NetworkSpec& network, const nn::Parameters& weights) {
  constexpr std::size_t kBatch = 16;
  nn::TrainingPlan plan(network, kBatch, 1);
  plan.load(weights);
  const auto outputs = plan.forward(random_inputs(network, kBatch, 3));
  return {outputs.begin(), outputs.end()};
}

TEST(Widening, KeepsTheFunctionInTrainingToo) {
  const nn::NetworkSpec network = networks().front();
  const nn::Parameters weights = random_weights(network, 1);
  const Grown grown = grow(network, weights, WidenStep{.layer = 0, .channels = 13, .seed = 2});
  EXPECT_LE(largest_relative_difference(training_outputs(network, weights),
                                        training_outputs(grown.network, grown.parameters)),
            1e-4);
}

// The weights after some steps of gradient descent.
nn::Parameters trained(const Grown& grown) {
  constexpr std::size_t kBatch = 8;
  nn::TrainingPlan plan(grown.network, kBatch, 1);
  plan.load(grown.parameters);
  nn::Optimizer optimizer(plan, {});
  const std::vector<std::uint32_t> labels{0, 1, 0, 1, 1, 0, 0, 1};
  for (std::uint64_t step = 0; step < 5; ++step) {
    nn::softmax_cross_entropy(plan.forward(random_inputs(grown.network, kBatch, step)), labels, plan.output_gradient());
    plan.backward();
    optimizer.step(0.1F);
  }
  return plan.parameters();
}

// Between the first two units, the second of which repeats the first.
double distance_of_copies(float noise) {
  const nn::NetworkSpec network = nn::parse_network("input 4x1x1; linear 1; relu; linear 2");
  const Grown grown =
      grow(network, random_weights(network, 2), WidenStep{.layer = 0, .channels = 2, .seed = 1, .noise = noise});
  const auto weights = trained(grown).at("0.weight").values;
  return largest_relative_difference(std::span(weights).first(4), std::span(weights).last(4));
}

TEST(Widening, NoiseIsWhatLetsCopiesLearnDifferentThings) {
  EXPECT_LT(distance_of_copies(0), 1e-6);
  EXPECT_GT(distance_of_copies(WidenStep{}.noise), 1e-4);
}

// All that is new takes part in training after a step or two.
TEST(Widening, ByFreshChannelsTeachesThem) {
  const nn::NetworkSpec network = nn::parse_network("input 4x1x1; linear 2; batchnorm; relu; linear 2");
  const Grown grown =
      grow(network, random_weights(network, 2), WidenStep{.layer = 0, .channels = 4, .seed = 1, .fresh = true});
  const nn::Parameters learned = trained(grown);
  for (const char* name : {"0.weight", "3.weight"}) {
    const auto& before = grown.parameters.at(name).values;
    const auto& after = learned.at(name).values;
    for (std::size_t i = 0; i < after.size(); ++i) EXPECT_NE(before[i], after[i]) << name << ' ' << i;
  }
}

TEST(Widening, SaysWhatCannotBeWidened) {
  const nn::NetworkSpec network = nn::parse_network(
      "input 2x4x4; conv 4 k3 p1; relu; as a; conv 4 k1 g2; concat a; batchnorm; conv 6 k1; relu; conv 6 k3 p1 g6; "
      "linear 3");
  const nn::Parameters weights = random_weights(network, 1);
  const auto expect_refusal = [&](const WidenStep& step, const char* reason) {
    try {
      grow(network, weights, step);
      ADD_FAILURE() << "took " << text_of(step);
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(reason));
    }
  };
  expect_refusal({.layer = 1, .channels = 8}, "layer 2 (relu) has no channels of its own");
  expect_refusal({.layer = 9, .channels = 8},
                 "layer 10 (linear) cannot be widened: its channels are the network's output");
  expect_refusal({.layer = 0, .channels = 8}, "layer 1 (conv) cannot be widened: its channels run through a grouped");
  expect_refusal({.layer = 6, .channels = 6}, "layer 7 (conv) has 6 channels; to widen it takes more, not 6");
  expect_refusal({.layer = 6, .channels = 70000}, "at most 65536");
  expect_refusal({.layer = 10, .channels = 8}, "there is no layer 11 to widen; the network has 10");
  expect_refusal({.layer = 6, .channels = 8, .noise = 2}, "the noise of widening is 2");
  expect_refusal({.layer = 6, .channels = 8, .noise = std::numeric_limits<float>::quiet_NaN()}, "the noise");
}

TEST(Deepening, KeepsTheFunctionOfEveryNetworkAfterEveryLayer) {
  for (const nn::NetworkSpec& network : networks())
    for (std::size_t layer = 0; layer + 1 < network.layers.size(); ++layer) {
      if (std::holds_alternative<nn::From>(network.layers[layer + 1])) continue;
      const nn::Parameters weights = random_weights(network, layer);
      for (const bool batch_norm : {true, false})
        expect_same_function(network, weights, DeepenStep{.layer = layer, .kernel = 5, .batch_norm = batch_norm});
      expect_same_function(
          network, weights,
          DeepenStep{.layer = layer,
                     .statistics = measured_statistics(network, weights, layer, random_inputs(network, 9, 1))});
    }
}

TEST(Deepening, KeepsTheFunctionOfResidualNetworks) {
  for (const char* name : {"resnet18-gem", "wrn-16-4"}) {
    const nn::NetworkSpec network = architecture(name, {1, 8, 8}, {.classes = 4});
    const auto layers = deepenable_layers(network);
    for (const std::size_t layer : {layers.front(), layers[layers.size() / 2], layers.back()})
      expect_same_function(network, nn::Parameters::initial(network, 4), DeepenStep{.layer = layer});
  }
}

TEST(Deepening, PutsInAConvolutionOrAFullyConnectedLayer) {
  const nn::NetworkSpec network = nn::parse_network(
      "input 1x4x4; conv 4 k3 p1; batchnorm sets2; relu; conv 6 k3; flatten; linear 5; relu; linear 2");
  EXPECT_EQ(deepened_network(network, {.layer = 2}).text(),
            "input 1x4x4; conv 4 k3 p1; batchnorm sets2; relu; conv 4 k3 p1 nobias; batchnorm sets2; relu; conv 6 k3; "
            "flatten; linear 5; relu; linear 2");
  EXPECT_EQ(deepened_network(network, {.layer = 6, .batch_norm = false}).text(),
            "input 1x4x4; conv 4 k3 p1; batchnorm sets2; relu; conv 6 k3; flatten; linear 5; relu; linear 5; relu; "
            "linear 2");
  EXPECT_EQ(
      deepened_network(network, {.layer = 0, .kernel = 1, .batch_norm = false}).text(),
      "input 1x4x4; conv 4 k3 p1; conv 4 k1; batchnorm sets2; relu; conv 6 k3; flatten; linear 5; relu; linear 2");
}

TEST(Deepening, TrainingGoesOnFromTheSameFunctionOnTheBatchThatWasMeasured) {
  // With norms before, which use the batch's statistics in training, the values would not be those that were measured.
  const nn::NetworkSpec plain = nn::parse_network("input 2x6x6; conv 8 k3 p1; relu; flatten; linear 3");
  const nn::Parameters plain_weights = random_weights(plain, 1);
  const auto statistics = measured_statistics(plain, plain_weights, 1, random_inputs(plain, 16, 3));
  const Grown grown = grow(plain, plain_weights, DeepenStep{.layer = 1, .statistics = statistics});
  EXPECT_LE(largest_relative_difference(training_outputs(plain, plain_weights),
                                        training_outputs(grown.network, grown.parameters)),
            1e-2);  // biased and unbiased variance of 576 values
}

TEST(Deepening, ExpectsWhatBatchNormAndReluLeave) {
  const nn::NetworkSpec network = nn::parse_network("input 3x8x8; conv 6 k3; batchnorm; relu; maxpool 2; linear 2");
  nn::Parameters weights = random_weights(network, 3);
  weights.at("1.gamma").values[2] = 0;
  weights.at("1.beta").values[3] = -0.4F;
  // The batch norm's statistics become those of the inputs.
  const auto inputs = random_inputs(network, 400, 5);
  const auto before = measured_statistics(network, weights, 0, inputs);
  weights.at("1.running_mean").values = before.mean;
  weights.at("1.running_variance").values = before.variance;
  const auto expected = expected_statistics(network, weights, 2);
  const auto measured = measured_statistics(network, weights, 2, inputs);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_NEAR(expected.mean[i], measured.mean[i], 0.03) << i;
    EXPECT_NEAR(expected.variance[i], measured.variance[i], 0.05) << i;
  }
  EXPECT_EQ(expected, expected_statistics(network, weights, 3));  // pooling is taken to change nothing
}

TEST(Deepening, SaysWhatCannotBeDeepened) {
  const nn::NetworkSpec network =
      nn::parse_network("input 2x4x4; as a; conv 2 k3 p1; relu; as b; from a; conv 2 k1; add b; relu; linear 3");
  const nn::Parameters weights = random_weights(network, 1);
  const auto expect_refusal = [&](const DeepenStep& step, const char* reason) {
    try {
      grow(network, weights, step);
      ADD_FAILURE() << "took " << text_of(step);
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(reason));
    }
  };
  expect_refusal({.layer = 0}, "layer 1 (as) hands on the network's input");
  expect_refusal({.layer = 4}, "layer 5 (from) hands on the network's input");
  expect_refusal({.layer = 3}, "layer 4 (as) comes before another branch");
  expect_refusal({.layer = 8}, "layer 9 (linear) makes the network's output");
  expect_refusal({.layer = 9}, "there is no layer 10 to deepen after");
  expect_refusal({.layer = 2, .kernel = 4}, "a kernel of 4 has no middle");
  expect_refusal({.layer = 2, .statistics = {{1}, {1}}}, "layer 3 (relu) has 2 channels; the step has statistics of 1");
}

TEST(Growth, IsTheSameForTheSameStepsAndGoesStepByStep) {
  const nn::NetworkSpec network = networks()[1];
  const nn::Parameters weights = random_weights(network, 8);
  const std::vector<GrowthStep> steps{WidenStep{0, 11, 5}, DeepenStep{.layer = 2}, WidenStep{3, 20, 6}};
  const Grown grown = grow(network, weights, steps);
  EXPECT_EQ(grown, grow(network, weights, steps));
  EXPECT_LE(largest_relative_difference(outputs_of(network, weights), outputs_of(grown.network, grown.parameters)),
            1e-5);
  EXPECT_NE(grown, grow(network, weights,
                        std::vector<GrowthStep>{WidenStep{0, 11, 6}, DeepenStep{.layer = 2}, WidenStep{3, 20, 6}}));
}

TEST(Growth, RefusesParametersOfAnotherNetwork) {
  const auto all = networks();
  EXPECT_THROW(grow(all[0], random_weights(all[1], 1), WidenStep{0, 12, 5}), InputError);
}

}  // namespace
}  // namespace outrider::surgery
