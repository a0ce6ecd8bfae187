// Encoders by name: which network turns a picture into an embedding.
#pragma once

#include <span>
#include <string_view>

#include "learners/data/dataset.h"
#include "learners/nn/network.h"

namespace outrider {

struct ArchitectureOptions {
  bool bias = false;  // convolution biases; batch norm makes them redundant, so they are left out by default
};

// Names that architecture() takes.
std::span<const std::string_view> architecture_names();

// The network of that name for pictures of that shape. Throws InputError for an unknown name (it lists the known ones)
// or a picture that is too small.
//
// conv4 (Snell et al. 2017): four blocks of [3x3 convolution with 64 channels, batch norm, ReLU, 2x2 max pool], then
// flatten. 1x28x28 gives d = 64, 3x84x84 gives d = 1600.
nn::NetworkSpec architecture(std::string_view name, const ImageShape& input, const ArchitectureOptions& options = {});

}  // namespace outrider
