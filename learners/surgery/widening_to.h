// The way from a narrow network to a wide one of the same layers, for who has planned both.
#pragma once

#include <cstdint>
#include <vector>

#include "learners/nn/network.h"
#include "learners/surgery/growth_step.h"

namespace outrider::surgery {

// Widens every group of channels of `narrow` to what it has in `wide`; those that are as wide already are left out.
// Throws InputError when other layers than these differ, or `wide` is narrower somewhere.
std::vector<GrowthStep> widening_to(const nn::NetworkSpec& narrow, const nn::NetworkSpec& wide, std::uint64_t seed,
                                    bool fresh = false);

}  // namespace outrider::surgery
