// Losses on the plain output of a plan.
#pragma once

#include <cstdint>
#include <span>

namespace outrider::nn {

// Mean over the n samples of -log softmax(logits)[label]. `logits`: n x k; `labels`: n, each < k; writes its gradient,
// n x k, to `gradient`. n and k are at least 1. Sums in double, in order.
double softmax_cross_entropy(std::span<const float> logits, std::span<const std::uint32_t> labels,
                             std::span<float> gradient);

// The same where only some of the classes count, those whose place in `counted`, k flags, is not 0: the logits of the
// others are taken to be 0, and so is their gradient. For clients that lack classes (Diao et al. 2021, HeteroFL, masked
// cross entropy). Labels count.
double masked_cross_entropy(std::span<const float> logits, std::span<const std::uint32_t> labels,
                            std::span<const std::uint8_t> counted, std::span<float> gradient);

// Mean over all n values of (output - target)^2; writes its gradient to `gradient`. Sizes are equal and at least 1.
// Sums in double, in order.
double mean_squared_error(std::span<const float> output, std::span<const float> target, std::span<float> gradient);

// How many of the n samples have their largest logit (the first of equals) at their label.
std::size_t count_correct(std::span<const float> logits, std::span<const std::uint32_t> labels);

}  // namespace outrider::nn
