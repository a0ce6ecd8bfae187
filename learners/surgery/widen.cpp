// Net2WiderNet: which tensors take which channels, and how those that read repeated channels share them out.
#include <algorithm>
#include <cmath>
#include <span>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/random.h"
#include "learners/surgery/inheritance.h"
#include "learners/surgery/narrow.h"
#include "learners/surgery/net2net.h"

namespace outrider::surgery {
namespace {

std::string layer_text(const nn::NetworkSpec& network, std::size_t layer) {
  return fmt::format("layer {} ({})", layer + 1, nn::layer_name(network.layers[layer]));
}

bool has_channels_of_its_own(const nn::Layer& layer) {
  return std::holds_alternative<nn::Convolution>(layer) || std::holds_alternative<nn::TransposedConvolution>(layer) ||
         std::holds_alternative<nn::FullyConnected>(layer);
}

bool runs_along(const Axis& axis, std::size_t group) {
  return std::ranges::any_of(axis, [group](const ChannelRun& run) { return run.group == group; });
}

std::string why_fixed(const ChannelGroups& groups, std::size_t group) {
  if (group == 0) return "its channels are in step with the network's input";
  if (runs_along(groups.outputs.back(), group)) return "its channels are the network's output";
  return "its channels run through a grouped convolution, an instance-batch norm or a sum with channels of another "
         "order, which tie them";
}

std::size_t group_to_widen(const nn::NetworkSpec& network, const ChannelGroups& groups, const WidenStep& step) {
  require(step.layer < network.layers.size(),
          fmt::format("there is no layer {} to widen; the network has {}", step.layer + 1, network.layers.size()));
  const std::string layer = layer_text(network, step.layer);
  require(has_channels_of_its_own(network.layers[step.layer]),
          layer + " has no channels of its own; conv, deconv and linear can be widened");
  const Axis& axis = groups.outputs[step.layer];
  require(axis.size() == 1, layer + " passes on channels of several layers; widen those");
  const std::size_t group = axis.front().group;
  require(!groups.groups[group].fixed, fmt::format("{} cannot be widened: {}", layer, why_fixed(groups, group)));
  const auto channels = static_cast<std::int64_t>(groups.groups[group].channels);
  require(step.channels > channels,
          fmt::format("{} has {} channels; to widen it takes more, not {}", layer, channels, step.channels));
  require(step.channels <= nn::NetworkLimits::kChannels,
          fmt::format("{} is to have {} channels; at most {} are allowed", layer, step.channels,
                      nn::NetworkLimits::kChannels));
  require(step.noise >= 0 && step.noise <= WidenStep::kMaxNoise,
          fmt::format("the noise of widening is {}; expected 0 to {}", step.noise, WidenStep::kMaxNoise));
  return group;
}

// g of the paper: the identity on those that are there, random with replacement after. Of fresh channels it does not
// matter.
std::vector<std::uint32_t> repeated_channels(std::size_t channels, std::size_t wide, std::uint64_t seed) {
  Random random(seed, "widen");
  std::vector<std::uint32_t> mapping;
  for (std::size_t i = 0; i < wide; ++i)
    mapping.push_back(i < channels ? static_cast<std::uint32_t>(i)
                                   : random.below(static_cast<std::uint32_t>(channels)));
  return mapping;
}

// Where the copies of each input lie.
std::vector<std::vector<std::size_t>> copies_of(const std::vector<std::uint32_t>& inputs, std::size_t before) {
  std::vector<std::vector<std::size_t>> copies(before);
  for (std::size_t i = 0; i < inputs.size(); ++i) copies[inputs[i]].push_back(i);
  return copies;
}

// The shares of the copies of one input, for one output: their sum is 1. Uniform numbers, since those are the same on
// every machine, where a normal one takes a logarithm.
void divide_among(const std::vector<std::size_t>& copies, float noise, Random& random, float* shares) {
  const auto count = static_cast<float>(copies.size());
  std::vector<float> errors(copies.size());
  float mean = 0;
  for (float& error : errors) {
    error = noise * (2 * random.uniform() - 1);
    mean += error / count;
  }
  for (std::size_t k = 0; k < copies.size(); ++k) shares[copies[k]] = (1 + errors[k] - mean) / count;
}

// Outputs x inputs.
std::vector<float> shares_of(const std::vector<std::uint32_t>& inputs, const nn::TensorSpec& before,
                             const nn::TensorSpec& after, const WidenStep& step) {
  Random random(step.seed, "shares", 0, after.layer);
  const auto copies = copies_of(inputs, static_cast<std::size_t>(before.dims[1]));
  std::vector<float> shares(static_cast<std::size_t>(after.dims[0]) * inputs.size(), 1.0F);
  for (std::size_t row = 0; row < shares.size(); row += inputs.size())
    for (const auto& places : copies)
      if (places.size() > 1) divide_among(places, step.noise, random, &shares[row]);
  return shares;
}

struct Widening {
  ChannelGroups groups;
  std::size_t group;
  ChannelSelection selection;
};

Widening widening_of(const nn::NetworkSpec& network, const WidenStep& step) {
  ChannelGroups groups = channel_groups(network);
  const std::size_t group = group_to_widen(network, groups, step);
  ChannelSelection selection = all_channels(groups);
  selection[group] = repeated_channels(selection[group].size(), static_cast<std::size_t>(step.channels), step.seed);
  return {std::move(groups), group, std::move(selection)};
}

InheritedTensor inherited_by(const nn::TensorSpec& spec, const Widening& widening, const WidenStep& step) {
  const TensorChannels& old = widening.groups.at(spec.name);
  InheritedTensor tensor{spec, spec.name, {}, {}, {}};
  if (spec != old.spec) tensor.places = selected_places(widening.groups, old, widening.selection);
  if (spec.role == nn::TensorRole::kWeight && runs_along(old.axes[1], widening.group)) {
    const auto inputs =
        selected_along(widening.groups, old.axes[1], static_cast<std::size_t>(old.spec.dims[1]), widening.selection);
    tensor.shares = shares_of(inputs, old.spec, spec, step);
  }
  return tensor;
}

// With fresh channels: what was there is as it was, all else is drawn, but that nothing from before reads what is new.
class FreshChannels {
 public:
  FreshChannels(const nn::NetworkSpec& wide, const Widening& widening, const WidenStep& step)
      : wide_(channel_groups(wide)), leading_(all_channels(wide_)), drawn_(nn::Parameters::initial(wide, step.seed)) {
    for (std::size_t group = 0; group < leading_.size(); ++group)
      leading_[group].resize(widening.groups.groups[group].channels);
  }

  InheritedTensor inherited_by(const nn::TensorSpec& spec, const nn::TensorSpec& before) const {
    InheritedTensor tensor{spec, spec.name, {}, {}, {}};
    if (spec == before) return tensor;
    tensor.places.assign(spec.size(), kNewValue);
    const auto old_places = selected_places(wide_, wide_.at(spec.name), leading_);
    for (std::size_t i = 0; i < old_places.size(); ++i) tensor.places[old_places[i]] = static_cast<std::uint32_t>(i);
    tensor.values = drawn_.at(spec.name).values;
    const std::size_t row = spec.size() / static_cast<std::size_t>(spec.dims[0]);
    for (std::size_t begin = 0; begin < tensor.places.size(); begin += row) {
      const auto places = std::span(tensor.places).subspan(begin, row);
      const bool was_there = std::ranges::any_of(places, [](std::uint32_t place) { return place != kNewValue; });
      if (was_there) std::ranges::fill(std::span(tensor.values).subspan(begin, row), 0.0F);
    }
    return tensor;
  }

 private:
  ChannelGroups wide_;
  ChannelSelection leading_;  // the channels from before
  nn::Parameters drawn_;
};

}  // namespace

nn::NetworkSpec widened_network(const nn::NetworkSpec& network, const WidenStep& step) {
  const Widening widening = widening_of(network, step);
  return selected_network(network, widening.groups, widening.selection);
}

Inheritance inherit_widened(const nn::NetworkSpec& network, const WidenStep& step) {
  const Widening widening = widening_of(network, step);
  Inheritance inheritance{
      selected_network(network, widening.groups, widening.selection), {}, widening.selection[widening.group]};
  const auto tensors = nn::network_tensors(inheritance.network);
  if (step.fresh) {
    const FreshChannels fresh(inheritance.network, widening, step);
    for (const nn::TensorSpec& spec : tensors)
      inheritance.tensors.push_back(fresh.inherited_by(spec, widening.groups.at(spec.name).spec));
    const std::size_t channels = widening.groups.groups[widening.group].channels;
    std::fill(inheritance.mapping.begin() + static_cast<std::ptrdiff_t>(channels), inheritance.mapping.end(),
              kNewChannel);
    return inheritance;
  }
  for (const nn::TensorSpec& spec : tensors) inheritance.tensors.push_back(inherited_by(spec, widening, step));
  return inheritance;
}

}  // namespace outrider::surgery
