#include "learners/surgery/matching.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/encoders/architectures.h"
#include "learners/surgery/partial_network.h"
#include "learners/surgery/test_matching.h"

namespace outrider::surgery {
namespace {

using testing::HasSubstr;

TEST(Matching, ReorderingChannelsDoesNotChangeTheFunction) {
  for (const char* text : kTestNetworks)
    for (std::uint64_t seed = 1; seed < 5; ++seed) {
      const MatchingCase c(nn::parse_network(text), seed);
      EXPECT_NE(c.copy, c.reference);
      EXPECT_LT(largest_difference(outputs_of(c.network, c.copy), outputs_of(c.network, c.reference)), 1e-5) << text;
    }
}

TEST(Matching, FindsTheOrderUnderNoise) {
  for (const char* text : kTestNetworks) {
    const MatchingCase c(nn::parse_network(text), 3);
    nn::Parameters noisy = c.copy;
    Random random(5, "noise");
    for (nn::Tensor& tensor : noisy.tensors)
      for (float& value : tensor.values) value *= 1 + 0.05F * random.normal();
    for (const bool by_weights : {false, true})
      EXPECT_EQ(select_channels(c.groups, c.copy, c.match(by_weights, noisy)), c.reference) << text;
  }
}

TEST(Matching, WorksOnAResidualArchitecture) {
  const MatchingCase c(architecture("resnet18-gem", {3, 8, 8}, {.classes = 5}), 2);
  EXPECT_EQ(select_channels(c.groups, c.copy, match_by_weights(c.network, c.reference, c.copy)), c.reference);
  const auto match = match_by_activations(c.network, c.reference, c.copy, random_inputs(c.network, 16, 7));
  EXPECT_EQ(select_channels(c.groups, c.copy, match), c.reference);
}

TEST(Matching, RefusesWhatDoesNotFit) {
  const auto network = nn::parse_network(kTestNetworks[0]);
  const auto weights = random_weights(network, 1);
  const auto other = random_weights(nn::parse_network(kTestNetworks[1]), 1);
  EXPECT_THROW(match_by_weights(network, weights, other), InputError);
  EXPECT_THROW(match_by_activations(network, other, weights, random_inputs(network, 2, 1)), InputError);
  for (const std::size_t values : {0U, 71U, 73U})
    EXPECT_THAT(
        objection_of([&] { match_by_activations(network, weights, weights, std::vector<float>(values)); }).value_or(""),
        HasSubstr("expected one input of the network or more, of 72"));
}

// Each layer, as the end of a network of its own, computes what it did within the whole.
TEST(PartialNetwork, LeadsToALayer) {
  const auto whole = nn::parse_network(kTestNetworks[1]);
  EXPECT_EQ(network_up_to(whole, 4).network.text(), "input 2x6x6; conv 8 k3 p1 nobias; batchnorm; relu; conv 8 k3 p1");
  EXPECT_EQ(
      network_up_to(whole, 13).network.text(),
      "input 2x6x6; conv 8 k3 p1 nobias; batchnorm; relu; as v3; conv 8 k3 p1; batchnorm; add v3; relu; conv 12 k1 "
      "s2");
  const std::size_t last = whole.layers.size() - 1;
  const PartialNetwork all = network_up_to(whole, last);
  const auto weights = random_weights(whole, 1);
  EXPECT_EQ(outputs_of(all.network, all.parameters(weights)), outputs_of(whole, weights));
  const PartialNetwork body = network_up_to(whole, 10);
  body.parameters(weights).check(body.network);
  EXPECT_EQ(body.parameters(weights).at("9.gamma").values, weights.at("10.gamma").values);
}

}  // namespace
}  // namespace outrider::surgery
