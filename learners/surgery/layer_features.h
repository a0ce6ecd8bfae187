// The layers of a network as vectors of numbers, for a policy to look at.
#pragma once

#include <vector>

#include "learners/nn/network.h"
#include "learners/surgery/lstm.h"

namespace outrider::surgery {

inline constexpr std::size_t kLayerFeatures = 14;

struct LayerFeatures {
  Sequence tokens;                  // of each layer that computes something
  std::vector<std::size_t> places;  // for each layer of the network, its token; As and From have that of the one before
};

// Kind, channels, kernel, stride, pixels, parameters, operations and place, each about 0 to 1. Throws InputError when
// the network is not valid.
LayerFeatures layer_features(const nn::NetworkSpec& network);

}  // namespace outrider::surgery
