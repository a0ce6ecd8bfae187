#include "learners/averaging/matched_average.h"

#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/surgery/test_matching.h"

namespace outrider::averaging {
namespace {

nn::Parameters average_of(const nn::Parameters& a, const nn::Parameters& b) {
  const nn::Parameters networks[] = {a, b};
  const double weights[] = {3, 1};
  return weighted_average(networks, weights);
}

TEST(MatchedAverage, ANetworkAndItsReorderedCopyAverageBackToTheSameFunction) {
  for (const char* text : surgery::kTestNetworks)
    for (std::uint64_t seed = 1; seed < 9; ++seed) {
      const surgery::MatchingCase c(nn::parse_network(text), seed);
      const auto expected = surgery::outputs_of(c.network, c.reference);
      EXPECT_GT(surgery::largest_difference(surgery::outputs_of(c.network, average_of(c.reference, c.copy)), expected),
                1e-2)
          << text;
      for (const bool by_weights : {false, true}) {
        const nn::Parameters matched = surgery::select_channels(c.groups, c.copy, c.match(by_weights, c.copy));
        EXPECT_EQ(matched, c.reference) << text << " seed " << seed << (by_weights ? " by weights" : " by activations");
        EXPECT_LE(
            surgery::largest_difference(surgery::outputs_of(c.network, average_of(c.reference, matched)), expected),
            1e-5)
            << text;
      }
    }
}

TEST(MatchedAverage, AnyNumberOfReorderedCopiesAverageBackInOneCall) {
  for (const char* text : surgery::kTestNetworks) {
    const surgery::MatchingCase c(nn::parse_network(text), 4);
    std::vector<nn::Parameters> networks{c.reference};
    for (std::uint64_t seed = 5; seed < 8; ++seed)
      networks.push_back(surgery::select_channels(c.groups, c.reference, surgery::random_order(c.groups, seed)));
    const double weights[] = {1, 2, 3, 4};
    const auto anchors = surgery::random_inputs(c.network, 12, 7);
    const nn::Parameters average = matched_average(c.network, networks, weights, anchors);
    EXPECT_LE(surgery::largest_difference(surgery::outputs_of(c.network, average),
                                          surgery::outputs_of(c.network, c.reference)),
              1e-5)
        << text;
    EXPECT_EQ(average, matched_average(c.network, networks, weights, anchors, 3)) << text;
  }
}

TEST(MatchedAverage, RefusesNetworksOfOtherTensors) {
  const nn::Parameters networks[] = {surgery::random_weights(nn::parse_network(surgery::kTestNetworks[0]), 1),
                                     surgery::random_weights(nn::parse_network(surgery::kTestNetworks[1]), 1)};
  const double equal[] = {1, 1};
  EXPECT_THROW(weighted_average(networks, equal), InputError);
}

}  // namespace
}  // namespace outrider::averaging
