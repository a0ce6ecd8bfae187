// What passes between two layers of a network: whose values they are, their sign, their mean and variance.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "learners/nn/parameters.h"
#include "learners/surgery/growth_step.h"

namespace outrider::surgery {

// The layer that computed the values at hand after layer `layer`, which is itself unless it is an As or From; nothing
// where they are the network's input. Asserts that there is such a layer.
std::optional<std::size_t> computing_layer(const nn::NetworkSpec& network, std::size_t layer);

// Whether the values after layer `layer` cannot be negative, by ReLU or sigmoid and what pools or passes them on.
bool never_negative(const nn::NetworkSpec& network, std::size_t layer);

// Without data: where batch norm went before, its gammas and betas tell mean and variance, and with ReLU after it those
// of a rectified normal; pooling is taken to change neither. Where none did, as for gammas of 1 and betas of 0. Takes
// an exponential and an error function, whose last digit may differ between machines: put them into the step that
// travels.
ChannelStatistics expected_statistics(const nn::NetworkSpec& network, const nn::Parameters& parameters,
                                      std::size_t layer);

// Of the values after layer `layer` over the samples, n x input shape with n >= 1, in inference. Sums in double. Throws
// InputError when the network is not valid, the parameters are not its own, or the layer hands on the network's input.
ChannelStatistics measured_statistics(const nn::NetworkSpec& network, const nn::Parameters& parameters,
                                      std::size_t layer, std::span<const float> samples, int threads = 1);

}  // namespace outrider::surgery
