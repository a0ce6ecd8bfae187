// Encoders by name: which network turns a picture into an embedding, or with a head into class scores.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "learners/data/dataset.h"
#include "learners/nn/network.h"

namespace outrider {

struct ArchitectureOptions {
  bool bias = false;         // convolution biases where batch norm makes them redundant; left out by default
  std::int64_t classes = 0;  // outputs of a fully connected head with bias; 0: no head, the embedding is the output
  float dropout = 0;         // simplenet: after every block; wrn: between the convolutions of a block
};

// Names that architecture() takes.
std::span<const std::string_view> architecture_names();

// The network of that name for pictures of that shape. Throws InputError for an unknown name (it lists the known ones),
// a picture that is too small, or options out of range. Parameter counts are for the input and head named; they do not
// include running statistics.
//
// conv4          four blocks of [3x3 convolution with 64 channels, batch norm, ReLU, 2x2 max pool], flatten (Snell et
//                al. 2017). 1x28x28: d = 64, 111,936 parameters with `bias`; 3x84x84: d = 1600.
// lenet-300-100  fully connected 300 and 100 with ReLU (LeCun et al. 1998; as in Frankle and Carbin 2019). d = 100;
//                1x28x28, 10 classes: 266,610; without the head 265,600.
// lenet5         convolutions 6 and 16 (5x5, the first padded), 2x2 max pools, fully connected 120 and 84, with ReLU.
//                d = 84; 1x28x28, 10 classes: 61,706; without 60,856.
// resnet18       ResNet-18 for 32x32: a 3x3 stem and no first pooling (He et al. 2016). d = 512; 3x32x32, 10 classes:
//                11,173,962; without 11,168,832.
// resnet18-gem   the same with 20 instead of 64 base channels (Lopez-Paz and Ranzato 2017). d = 160; 3x32x32, 100
//                classes: 1,109,240; without 1,093,140.
// simplenet      13 convolutions (Hasanpour et al. 2016). d = 256; 3x32x32, 10 classes, `bias`: 5,498,378, of them
//                5,484,736 weights (the published 5.48 M counts those).
// wrn-16-4, wrn-28-10  wide residual networks, pre-activation (Zagoruyko and Komodakis 2016). d = 256 and 640; 3x32x32,
//                10 classes: 2,748,890 and 36,479,194; without 2,746,320 and 36,472,784.
nn::NetworkSpec architecture(std::string_view name, const ImageShape& input, const ArchitectureOptions& options = {});

}  // namespace outrider
