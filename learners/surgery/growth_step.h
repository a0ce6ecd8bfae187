// Steps by which a network grows without changing what it computes (Net2Net, Chen et al. 2016), as values that travel:
// whoever has the network and its weights rebuilds the grown ones from a step, bit for bit (net2net.h).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "knowledge/bytes.h"

namespace outrider::surgery {

// Gives a layer more channels, and with it all layers whose channels are tied to its by sums.
struct WidenStep {
  static constexpr float kMaxNoise = 0.5F;

  std::size_t layer = 0;  // that has channels of its own: conv, deconv or linear; from 0
  std::int64_t channels = 0;
  std::uint64_t seed = 0;  // of which channels are repeated
  // How unequally those that read a repeated channel divide their weight among its copies: each gets its share times
  // 1 + e, e uniform within the noise and of mean 0 over the copies. The function stays, but the copies learn different
  // things from the first step on. With 0 they get the same gradients for ever, unless dropout tells them apart.
  float noise = 0.25F;
  // Instead of copies, channels of their own: drawn as at the beginning of training, and read with weight 0, so that
  // the function stays exactly what it was, but those weights move with the first step. There is no noise then.
  // (GradMax, Evci et al. 2022, does the reverse: its new channels are read, and say nothing yet.)
  bool fresh = false;

  bool operator==(const WidenStep&) const = default;
};

// Of the values of each channel between two layers.
struct ChannelStatistics {
  std::vector<float> mean;
  std::vector<float> variance;  // unbiased

  bool operator==(const ChannelStatistics&) const = default;
};

// Puts an identity after a layer: a convolution, or a fully connected layer where there is one value a channel; batch
// norm; and ReLU where the values are never negative.
struct DeepenStep {
  static constexpr std::int64_t kMaxKernel = 15;

  std::size_t layer = 0;           // from 0
  std::int64_t kernel = 3;         // odd; of the convolution
  bool batch_norm = true;          // else the new layer has a bias
  ChannelStatistics statistics{};  // of the values there, for the batch norm; empty: expected_statistics()

  bool operator==(const DeepenStep&) const = default;
};

using GrowthStep = std::variant<WidenStep, DeepenStep>;

inline constexpr std::size_t kMaxGrowthSteps = 1024;  // at once

std::size_t layer_of(const GrowthStep& step);

// "widen layer 1 to 16", "deepen after layer 3 by 3x3"; layers counted from 1, as in what is said of networks.
std::string text_of(const GrowthStep& step);

// The wire form (growth.capnp); equal steps give equal bytes. Asserts that there are at most kMaxGrowthSteps.
Bytes encode_steps(std::span<const GrowthStep> steps);
// Throws InputError when the bytes are malformed, too many, or a number is out of its range for any network.
std::vector<GrowthStep> decode_steps(ByteView bytes);

}  // namespace outrider::surgery
