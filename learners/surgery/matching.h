// Channel matching: networks that were trained apart have learned much the same features in another order (Li et al.
// 2015, Convergent Learning). Reordering the channels of one as those of the other before averaging keeps what both
// know (FedMA, Wang et al. 2020; Ainsworth et al. 2023).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "learners/surgery/channels.h"

namespace outrider::surgery {

// Both functions below return for each group of channels which channel of `other` plays the part of each channel of
// `reference`: select_channels(groups, other, match) is in step with the reference and computes what `other` does.
// Throw InputError when the parameters are not of the network.

// By correlation of what the channels compute on shared anchor inputs, n x input shape, n >= 1; groups are independent
// of each other. Correlations are taken after normalisation, over anchors and pixels. `threads` does not change the
// result.
ChannelSelection match_by_activations(const nn::NetworkSpec& network, const nn::Parameters& reference,
                                      const nn::Parameters& other, std::span<const float> anchors, int threads = 1);

// By the inner products of the channels' weights, group by group until none changes: needs no data. The first pass goes
// from the input to the output and looks at weights only that read what has been matched.
ChannelSelection match_by_weights(const nn::NetworkSpec& network, const nn::Parameters& reference,
                                  const nn::Parameters& other);

}  // namespace outrider::surgery
