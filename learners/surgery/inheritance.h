// Where the numbers of a grown network come from: for each of its tensors, which values of the old network it takes
// and what they are multiplied by. The map is linear in the old weights but for what is new, so that it carries
// velocities (momenta) as well as weights: the grown network then moves as the old one would have.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "learners/nn/parameters.h"
#include "learners/surgery/growth_step.h"

namespace outrider::surgery {

// Among `places`: the value is new.
inline constexpr std::uint32_t kNewValue = UINT32_MAX;

struct InheritedTensor {
  nn::TensorSpec spec;                // in the grown network
  std::string source;                 // of the old network; empty: the tensor is new
  std::vector<std::uint32_t> places;  // for each value, which of the source's; empty: they are as they were
  std::vector<float> shares;          // of a weight, outputs x inputs: what it is multiplied by; empty: 1
  std::vector<float> values;          // of a new tensor, or of one that has new values, with anything at the others
};

struct Inheritance {
  nn::NetworkSpec network;               // the grown one
  std::vector<InheritedTensor> tensors;  // in its network_tensors() order
  std::vector<std::uint32_t> mapping;    // as Grown::mapping

  // Throws InputError if the grown network has no tensor of that name.
  const InheritedTensor& at(const std::string& tensor) const;
};

// Throw InputError, saying why, when the network is not valid or cannot take the step.
Inheritance inherit_widened(const nn::NetworkSpec& network, const WidenStep& step);
Inheritance inherit_deepened(const nn::NetworkSpec& network, const nn::Parameters& parameters, const DeepenStep& step);
Inheritance inherit(const nn::NetworkSpec& network, const nn::Parameters& parameters, const GrowthStep& step);

enum class Sharing : std::uint8_t {
  kShared,  // weights and velocities
  kCopied,  // scales of the weights' steps, such as second moments: no sums go over them
};

// The values of a tensor that is not new, from those of its source; where it has new ones, from `fresh`, which is of
// its size then.
std::vector<float> inherited_values(const InheritedTensor& tensor, const std::vector<float>& source, Sharing sharing,
                                    std::span<const float> fresh);

// The weights of the grown network.
nn::Parameters inherited_weights(const Inheritance& inheritance, const nn::Parameters& old);

}  // namespace outrider::surgery
