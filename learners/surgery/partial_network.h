// The part of a network that leads to one of its layers, to look at what that layer computes.
#pragma once

#include <cstdint>
#include <vector>

#include "learners/nn/parameters.h"

namespace outrider::surgery {

struct PartialNetwork {
  nn::NetworkSpec network;           // ends with the layer
  std::vector<std::size_t> origins;  // for each of its layers, which one of the whole network it is

  // Its tensors, of the whole network's.
  nn::Parameters parameters(const nn::Parameters& whole) const;
};

// Asserts that the network has such a layer, and that it computes something: no As and no From.
PartialNetwork network_up_to(const nn::NetworkSpec& whole, std::size_t layer);

}  // namespace outrider::surgery
