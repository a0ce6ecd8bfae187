// The residual families among the architectures. Internal to this folder.
#pragma once

#include "learners/nn/network.h"

namespace outrider {

// Appends ResNet-18 for small pictures, up to its global average pooling.
void append_resnet18(nn::NetworkSpec& spec, std::int64_t base_channels);

// Appends a wide residual network of that depth (6 n + 4) and width, up to its global average pooling.
void append_wide_resnet(nn::NetworkSpec& spec, int depth, std::int64_t width, float dropout);

}  // namespace outrider
