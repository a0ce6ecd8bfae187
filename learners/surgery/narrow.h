// Parts of networks, for clients of unlike capacity: a narrow client holds and trains the leading channels of every
// layer (Diao et al. 2021, HeteroFL). Its updates count where it holds weights: averaging::apply_round() averages each
// weight over those who hold it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "learners/surgery/channels.h"
#include "learners/training/training_cost.h"

namespace outrider::surgery {

// Throws InputError, beginning with `what`, unless 0 < width <= 1.
void check_width(double width, const std::string& what);

// The leading ceil(width * channels) channels of every group but the fixed ones.
ChannelSelection leading_channels(const ChannelGroups& groups, double width);

// The network with the channels of the selection, more or fewer than there are, and otherwise the same layers. Throws
// InputError when the result is not valid. The selection leaves fixed groups as they are.
nn::NetworkSpec selected_network(const nn::NetworkSpec& network, const ChannelGroups& groups,
                                 const ChannelSelection& selection);

// The network of the leading channels; itself at width 1. Networks of widths a <= b are nested. Throws InputError
// unless 0 < width <= 1 and the network is valid.
nn::NetworkSpec narrow_network(const nn::NetworkSpec& network, double width);
// Its part of some of the network's tensors.
nn::Parameters narrow_parameters(const nn::NetworkSpec& network, const nn::Parameters& parameters, double width);
// Of parameters of the part of width `from`, all or some, those of the part of width `to`, at most as wide.
nn::Parameters narrower_parameters(const nn::NetworkSpec& network, double from, const nn::Parameters& parameters,
                                   double to);
// Puts the values of such a part back to where they came from. Both are of the same tensors.
void put_back(const nn::NetworkSpec& network, double to, const nn::Parameters& part, double from,
              nn::Parameters& parameters);

inline constexpr double kWidths[] = {1, 0.75, 0.5, 0.375, 0.25, 0.1875, 0.125, 0.0625};

// The first of `widths`, which fall, at which training fits the budget. Throws InputError saying what the
// narrowest takes when none does.
double widest_that_fits(const nn::NetworkSpec& network, const training::Workload& workload,
                        const training::Budget& budget, std::span<const double> widths = kWidths);

}  // namespace outrider::surgery
