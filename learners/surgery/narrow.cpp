#include "learners/surgery/narrow.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/training/training_cost.h"

namespace outrider::surgery {
namespace {

std::int64_t channels_along(const Axis& axis, const ChannelSelection& selection) {
  std::size_t channels = 0;
  for (const ChannelRun& run : axis) channels += selection[run.group].size() * run.repeat;
  return static_cast<std::int64_t>(channels);
}

// Gives a layer the number of outputs that are left of it.
struct SetChannels {
  std::int64_t channels;

  void operator()(nn::Convolution& layer) const {
    if (layer.groups > 1 && layer.groups == layer.channels) layer.groups = channels;  // depthwise; others are fixed
    layer.channels = channels;
  }
  void operator()(nn::TransposedConvolution& layer) const { layer.channels = channels; }
  void operator()(nn::FullyConnected& layer) const { layer.channels = channels; }
  void operator()(auto&) const {}
};

}  // namespace

void check_width(double width, const std::string& what) {
  require(width > 0 && width <= 1, fmt::format("{} is of width {}; expected more than 0 and at most 1", what, width));
}

ChannelSelection leading_channels(const ChannelGroups& groups, double width) {
  ChannelSelection selection = all_channels(groups);
  for (std::size_t g = 0; g < selection.size(); ++g)
    if (!groups.groups[g].fixed)
      selection[g].resize(static_cast<std::size_t>(std::ceil(width * static_cast<double>(selection[g].size()))));
  return selection;
}

nn::NetworkSpec selected_network(const nn::NetworkSpec& network, const ChannelGroups& groups,
                                 const ChannelSelection& selection) {
  nn::NetworkSpec selected = network;
  for (std::size_t i = 0; i < selected.layers.size(); ++i)
    std::visit(SetChannels{channels_along(groups.outputs[i], selection)}, selected.layers[i]);
  selected.shapes();
  return selected;
}

nn::NetworkSpec narrow_network(const nn::NetworkSpec& network, double width) {
  check_width(width, "the part of a network");
  if (width == 1) return network;
  const ChannelGroups groups = channel_groups(network);
  return selected_network(network, groups, leading_channels(groups, width));
}

nn::Parameters narrow_parameters(const nn::NetworkSpec& network, const nn::Parameters& parameters, double width) {
  check_width(width, "the part of a network");
  if (width == 1) return parameters;
  const ChannelGroups groups = channel_groups(network);
  return select_channels(groups, parameters, leading_channels(groups, width));
}

nn::Parameters narrower_parameters(const nn::NetworkSpec& network, double from, const nn::Parameters& parameters,
                                   double to) {
  assert(to <= from);
  return select_channels(channel_groups(narrow_network(network, from)), parameters,
                         leading_channels(channel_groups(network), to));
}

void put_back(const nn::NetworkSpec& network, double to, const nn::Parameters& part, double from,
              nn::Parameters& parameters) {
  assert(to <= from);
  const ChannelGroups groups = channel_groups(narrow_network(network, from));
  const ChannelSelection selection = leading_channels(channel_groups(network), to);
  for (const nn::Tensor& tensor : part.tensors) {
    const auto places = selected_places(groups, groups.at(tensor.spec.name), selection);
    std::vector<float>& values = parameters.at(tensor.spec.name).values;
    for (std::size_t i = 0; i < places.size(); ++i) values[places[i]] = tensor.values[i];
  }
}

double widest_that_fits(const nn::NetworkSpec& network, const training::Workload& workload,
                        const training::Budget& budget, std::span<const double> widths) {
  assert(!widths.empty() && std::ranges::is_sorted(widths, std::greater<>()));
  training::TrainingCost cost;
  for (const double width : widths) {
    cost = training::training_cost(narrow_network(network, width), workload);
    if (fits(cost, budget)) return width;
  }
  throw InputError(
      fmt::format("training even the part of width {} takes {} bytes and {:.3g} operations a round; {} "
                  "bytes and {:.3g} operations are there",
                  widths.back(), cost.bytes, cost.flops, budget.bytes, budget.flops));
}

}  // namespace outrider::surgery
