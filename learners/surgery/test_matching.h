// For tests: a network beside a copy of it with its channels in another order.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "learners/random.h"
#include "learners/surgery/matching.h"
#include "learners/surgery/test_networks.h"

namespace outrider::surgery {

inline ChannelSelection random_order(const ChannelGroups& groups, std::uint64_t seed) {
  ChannelSelection order = all_channels(groups);
  Random random(seed, "order");
  for (std::size_t g = 0; g < order.size(); ++g)
    if (!groups.groups[g].fixed) random.shuffle(std::span(order[g]));
  return order;
}

inline double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(static_cast<double>(a[i] - b[i])));
  return largest;
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

}  // namespace outrider::surgery
