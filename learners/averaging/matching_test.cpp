#include "learners/averaging/matching.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/averaging/partial_network.h"
#include "learners/averaging/test_networks.h"
#include "learners/encoders/architectures.h"

namespace outrider::averaging {
namespace {

using testing::HasSubstr;

ChannelSelection random_order(const ChannelGroups& groups, std::uint64_t seed) {
  ChannelSelection order = all_channels(groups);
  Random random(seed, "order");
  for (std::size_t g = 0; g < order.size(); ++g)
    if (!groups.groups[g].fixed) random.shuffle(std::span(order[g]));
  return order;
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(static_cast<double>(a[i] - b[i])));
  return largest;
}

nn::Parameters average_of(const nn::Parameters& a, const nn::Parameters& b) {
  const nn::Parameters networks[] = {a, b};
  const double weights[] = {3, 1};
  return weighted_average(networks, weights);
}

struct MatchingCase {
  nn::NetworkSpec network;
  nn::Parameters reference;
  ChannelGroups groups;
  nn::Parameters copy;  // with its channels in another order

  MatchingCase(const nn::NetworkSpec& spec, std::uint64_t seed)
      : network(spec),
        reference(random_weights(spec, seed)),
        groups(channel_groups(spec)),
        copy(select_channels(groups, reference, random_order(groups, seed))) {}
  ChannelSelection match(bool by_weights, const nn::Parameters& other) const {
    return by_weights ? match_by_weights(network, reference, other)
                      : match_by_activations(network, reference, other, random_inputs(network, 12, 7));
  }
};

TEST(Matching, ReorderingChannelsDoesNotChangeTheFunction) {
  for (const char* text : kTestNetworks)
    for (std::uint64_t seed = 1; seed < 5; ++seed) {
      const MatchingCase c(nn::parse_network(text), seed);
      EXPECT_NE(c.copy, c.reference);
      EXPECT_LT(largest_difference(outputs_of(c.network, c.copy), outputs_of(c.network, c.reference)), 1e-5) << text;
    }
}

TEST(Matching, ANetworkAndItsReorderedCopyAverageBackToTheSameFunction) {
  for (const char* text : kTestNetworks)
    for (std::uint64_t seed = 1; seed < 9; ++seed) {
      const MatchingCase c(nn::parse_network(text), seed);
      const auto expected = outputs_of(c.network, c.reference);
      EXPECT_GT(largest_difference(outputs_of(c.network, average_of(c.reference, c.copy)), expected), 1e-2) << text;
      for (const bool by_weights : {false, true}) {
        const nn::Parameters matched = select_channels(c.groups, c.copy, c.match(by_weights, c.copy));
        EXPECT_EQ(matched, c.reference) << text << " seed " << seed << (by_weights ? " by weights" : " by activations");
        EXPECT_LE(largest_difference(outputs_of(c.network, average_of(c.reference, matched)), expected), 1e-5) << text;
      }
    }
}

TEST(Matching, AnyNumberOfReorderedCopiesAverageBackInOneCall) {
  for (const char* text : kTestNetworks) {
    const MatchingCase c(nn::parse_network(text), 4);
    std::vector<nn::Parameters> networks{c.reference};
    for (std::uint64_t seed = 5; seed < 8; ++seed)
      networks.push_back(select_channels(c.groups, c.reference, random_order(c.groups, seed)));
    const double weights[] = {1, 2, 3, 4};
    const auto anchors = random_inputs(c.network, 12, 7);
    const nn::Parameters average = matched_average(c.network, networks, weights, anchors);
    EXPECT_LE(largest_difference(outputs_of(c.network, average), outputs_of(c.network, c.reference)), 1e-5) << text;
    EXPECT_EQ(average, matched_average(c.network, networks, weights, anchors, 3)) << text;
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
  const nn::Parameters networks[] = {weights, other};
  const double equal[] = {1, 1};
  EXPECT_THROW(weighted_average(networks, equal), InputError);
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
}  // namespace outrider::averaging
