// Averaging networks that were trained apart, without further rounds: their channels are matched first (matching.h).
#pragma once

#include <span>

#include "learners/nn/parameters.h"

namespace outrider::averaging {

// The weighted mean of networks in step with each other, weights above 0 (counts, say). Sums in double, in order.
// Asserts that there is a weight for each, and one network at least. Throws InputError when they have not the same
// tensors.
nn::Parameters weighted_average(std::span<const nn::Parameters> networks, std::span<const double> weights);

// Of networks that were trained apart, in one step and without further rounds: each is matched to the first by
// activations on the anchors, and their weighted mean taken. Asserts and throws as weighted_average() and
// match_by_activations() do.
nn::Parameters matched_average(const nn::NetworkSpec& network, std::span<const nn::Parameters> networks,
                               std::span<const double> weights, std::span<const float> anchors, int threads = 1);

}  // namespace outrider::averaging
