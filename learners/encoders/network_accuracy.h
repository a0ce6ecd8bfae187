// How well a network that scores classes tells pictures apart.
#pragma once

#include "learners/data/dataset.h"
#include "learners/encoders/encoder.h"
#include "learners/nn/parameters.h"

namespace outrider {

// The share of the pictures, as the network reads them, whose label has the highest score; 0 without any. `threads` (0:
// one per processor) does not change the result.
double network_accuracy(const nn::NetworkSpec& network, const nn::Parameters& parameters,
                        const Preprocessing& preprocessing, const Dataset& pictures, int threads = 1);

}  // namespace outrider
