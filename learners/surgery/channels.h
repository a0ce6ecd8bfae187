// Which channels of a network belong together: the outputs of one layer and the inputs of all that read them, through
// normalisation, activations, sums and concatenations. Channels of a group can be left out or reordered as long as all
// tensors that it runs through follow.
#pragma once

#include <cstdint>
#include <vector>

#include "learners/nn/parameters.h"

namespace outrider::surgery {

struct ChannelGroup {
  std::size_t channels = 0;
  bool fixed = false;  // cannot be changed: the network's input and output, and what grouped convolutions (but for
                       // depthwise ones) and instance-batch norms read and write
  bool operator==(const ChannelGroup&) const = default;
};

// Part of an axis: all channels of a group in order, `repeat` places each: a channel's pixels once it is flattened.
struct ChannelRun {
  std::size_t group = 0;
  std::size_t repeat = 1;
  bool operator==(const ChannelRun&) const = default;
};
using Axis = std::vector<ChannelRun>;  // one run after the other

struct TensorChannels {
  nn::TensorSpec spec;
  std::vector<Axis> axes;  // of each dimension; empty: no channels that could change lie along it
};

struct ChannelGroups {
  std::vector<ChannelGroup> groups;     // in the order of the layers that make them; the network's input is the first
  std::vector<TensorChannels> tensors;  // in the order of network_tensors()
  std::vector<Axis> outputs;            // of each layer, along the channels

  // Throws InputError if the network has no tensor of that name.
  const TensorChannels& at(const std::string& tensor) const;
};

// Throws InputError when the network is not valid.
ChannelGroups channel_groups(const nn::NetworkSpec& network);

// For each group, which of its channels, in which order.
using ChannelSelection = std::vector<std::vector<std::uint32_t>>;

// All channels as they are.
ChannelSelection all_channels(const ChannelGroups& groups);

// The places along an axis, of `size` places in all, that are selected, in the order of the selection.
std::vector<std::uint32_t> selected_along(const ChannelGroups& groups, const Axis& axis, std::size_t size,
                                          const ChannelSelection& selection);

// The places in the values of a tensor with these dims that lie at the given places along each dimension, row-major.
std::vector<std::uint32_t> places_in(const std::vector<std::int64_t>& dims,
                                     const std::vector<std::vector<std::uint32_t>>& along);

// For each value that remains of the tensor, which it was.
std::vector<std::uint32_t> selected_places(const ChannelGroups& groups, const TensorChannels& tensor,
                                           const ChannelSelection& selection);

// The selected channels of all tensors; `parameters` may be some of the network's.
nn::Parameters select_channels(const ChannelGroups& groups, const nn::Parameters& parameters,
                               const ChannelSelection& selection);

}  // namespace outrider::surgery
