// Net2Net (Chen et al. 2016): a network that has learned is made wider or deeper and computes what it did before, up to
// rounding, in inference; from there it learns on.
//
//   const Grown grown = grow(network, weights, WidenStep{.layer = 0, .channels = 96, .seed = 1});
//
// Wider: new channels repeat old ones, chosen at random with replacement; they and what normalises them are copied, and
// who reads a repeated channel shares its weight out among the copies. Channels that sums tie (channels.h:
// those of all blocks of a residual stage) are widened together. Training preserves the function too, but for dropout,
// which drops the copies apart.
// With WidenStep::fresh new channels are drawn instead, and read with weight 0.
// Deeper: an identity is put in, with a batch norm that undoes itself over the statistics of the values there. In
// training that norm works with the batch's, so the function is preserved as well as the statistics fit:
// measured_statistics() of a batch is best, expected_statistics() takes no data.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "learners/nn/parameters.h"
#include "learners/surgery/growth_step.h"

namespace outrider::surgery {

inline constexpr std::uint32_t kNewChannel = UINT32_MAX;

struct Grown {
  nn::NetworkSpec network;
  nn::Parameters parameters;
  // Of a widening: for each channel of the widened group, which it was; kNewChannel: none. Of a deepening: empty.
  std::vector<std::uint32_t> mapping;

  bool operator==(const Grown&) const = default;
};

// All below throw InputError, saying why, when the network is not valid, it cannot take the step, or the
// parameters are not its own. Equal arguments give equal bits on every machine, but for what expected_statistics()
// computes.
Grown grow(const nn::NetworkSpec& network, const nn::Parameters& parameters, const GrowthStep& step);
// One step after the other.
Grown grow(const nn::NetworkSpec& network, const nn::Parameters& parameters, std::span<const GrowthStep> steps);

// The network alone, without looking at numbers.
nn::NetworkSpec grown_network(const nn::NetworkSpec& network, const GrowthStep& step);
nn::NetworkSpec widened_network(const nn::NetworkSpec& network, const WidenStep& step);
nn::NetworkSpec deepened_network(const nn::NetworkSpec& network, const DeepenStep& step);

// The layers that a WidenStep can name, one for each group of channels that can change: the first that makes them.
std::vector<std::size_t> widenable_layers(const nn::NetworkSpec& network);
// The places for a DeepenStep after which what is put in is not linear: every ReLU but one that makes the output.
std::vector<std::size_t> deepenable_layers(const nn::NetworkSpec& network);

}  // namespace outrider::surgery
