#include "learners/surgery/matching.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "knowledge/error.h"
#include "learners/nn/plan.h"
#include "learners/surgery/assignment.h"
#include "learners/surgery/partial_network.h"

namespace outrider::surgery {
namespace {

// Square, one for each pair of channels of a group: [of the reference][of the other].
using Similarities = std::vector<double>;

std::vector<std::uint32_t> best_match(const Similarities& similarities, std::size_t channels) {
  std::vector<double> costs;
  for (const double similarity : similarities) costs.push_back(-similarity);
  return minimum_assignment(costs, channels);
}

bool has_norm_next(const nn::NetworkSpec& network, std::size_t layer) {
  if (layer + 1 == network.layers.size()) return false;
  const nn::Layer& next = network.layers[layer + 1];
  return std::holds_alternative<nn::BatchNorm>(next) || std::holds_alternative<nn::InstanceNorm>(next);
}

bool computes_features(const nn::Layer& layer) {
  return std::holds_alternative<nn::Convolution>(layer) || std::holds_alternative<nn::TransposedConvolution>(layer) ||
         std::holds_alternative<nn::FullyConnected>(layer) || std::holds_alternative<nn::BatchNorm>(layer) ||
         std::holds_alternative<nn::InstanceNorm>(layer);
}

// The group whose channels a layer's output is, before any activation that could silence them.
std::optional<std::size_t> observed_group(const nn::NetworkSpec& network, const ChannelGroups& groups,
                                          std::size_t layer) {
  const Axis& axis = groups.outputs[layer];
  const bool observed = computes_features(network.layers[layer]) && !has_norm_next(network, layer) &&
                        axis.size() == 1 && axis.front().repeat == 1 && !groups.groups[axis.front().group].fixed;
  return observed ? std::optional(axis.front().group) : std::nullopt;
}

// What each channel computes on the anchors and pixels: channels x places, each channel with mean 0 and norm 1, or all
// 0 where it is constant.
std::vector<double> standardised(std::span<const float> outputs, const nn::Shape& shape, std::size_t count) {
  const auto channels = static_cast<std::size_t>(shape.channels);
  const std::size_t pixels = shape.size() / channels;
  std::vector<double> result;
  result.reserve(outputs.size());
  for (std::size_t c = 0; c < channels; ++c) {
    const std::size_t begin = result.size();
    for (std::size_t n = 0; n < count; ++n)
      for (std::size_t p = 0; p < pixels; ++p)
        result.push_back(static_cast<double>(outputs[(n * channels + c) * pixels + p]));
    const auto values = std::span(result).subspan(begin);
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
    double square = 0;
    for (double& value : values) {
      value -= mean;
      square += value * value;
    }
    for (double& value : values) value = square > 0 ? value / std::sqrt(square) : 0;
  }
  return result;
}

void add_correlations(std::span<const double> reference, std::span<const double> other, std::size_t channels,
                      Similarities& similarities) {
  const std::size_t places = reference.size() / channels;
  for (std::size_t i = 0; i < channels; ++i)
    for (std::size_t j = 0; j < channels; ++j) {
      const auto left = reference.subspan(i * places, places);
      similarities[i * channels + j] +=
          std::inner_product(left.begin(), left.end(), other.subspan(j * places).begin(), 0.0);
    }
}

std::vector<double> activations(const PartialNetwork& part, const nn::Parameters& whole, std::span<const float> anchors,
                                int threads) {
  nn::InferencePlan plan(part.network, part.parameters(whole), threads);
  const std::size_t count = anchors.size() / part.network.input.size();
  std::vector<float> outputs(count * plan.output_size());
  plan.forward(anchors, outputs);
  return standardised(outputs, part.network.output_shape(), count);
}

// Matches the groups by weights, one after the other.
class WeightMatcher {
 public:
  WeightMatcher(const ChannelGroups& groups, const nn::Parameters& reference, const nn::Parameters& other)
      : groups_(groups), reference_(reference), other_(other), match_(all_channels(groups)) {
    for (const ChannelGroup& group : groups.groups) settled_.push_back(group.fixed);
  }

  // Returns whether a match changed.
  bool pass() {
    bool changed = false;
    for (std::size_t g = 0; g < groups_.groups.size(); ++g) {
      if (groups_.groups[g].fixed) continue;
      auto match = best_match(similarities(g), groups_.groups[g].channels);
      changed = changed || match != match_[g];
      match_[g] = std::move(match);
      settled_[g] = true;
    }
    return changed;
  }
  const ChannelSelection& match() const { return match_; }

 private:
  Similarities similarities(std::size_t group) const {
    Similarities sums(groups_.groups[group].channels * groups_.groups[group].channels);
    for (std::size_t t = 0; t < groups_.tensors.size(); ++t)
      for (std::size_t d = 0; d < groups_.tensors[t].axes.size(); ++d)
        if (groups_.tensors[t].spec.trainable() && runs_along(t, d, group) && others_settled(t, d))
          add_products(t, d, group, sums);
    return sums;
  }
  bool runs_along(std::size_t tensor, std::size_t dim, std::size_t group) const {
    return std::ranges::any_of(groups_.tensors[tensor].axes[dim],
                               [&](const ChannelRun& run) { return run.group == group; });
  }
  bool others_settled(std::size_t tensor, std::size_t dim) const {
    const auto& axes = groups_.tensors[tensor].axes;
    for (std::size_t d = 0; d < axes.size(); ++d)
      if (d != dim && !std::ranges::all_of(axes[d], [&](const ChannelRun& run) { return settled_[run.group]; }))
        return false;
    return true;
  }

  // Inner products of the slices along the dimension, the others in the order of the match.
  void add_products(std::size_t tensor, std::size_t dim, std::size_t group, Similarities& sums) const {
    const TensorChannels& channels = groups_.tensors[tensor];
    const auto& dims = channels.spec.dims;
    std::vector<std::vector<std::uint32_t>> along;
    std::size_t outer = 1;
    std::size_t inner = 1;
    for (std::size_t d = 0; d < dims.size(); ++d) {
      const auto size = static_cast<std::size_t>(dims[d]);
      along.push_back(selected_along(groups_, d == dim ? Axis{} : channels.axes[d], size, match_));
      if (d < dim) outer *= size;
      if (d > dim) inner *= size;
    }
    std::vector<float> other;
    for (const std::uint32_t place : places_in(dims, along)) other.push_back(other_.tensors[tensor].values[place]);
    const Slices slices{reference_.tensors[tensor].values, other, outer, static_cast<std::size_t>(dims[dim]), inner};
    std::size_t begin = 0;
    for (const ChannelRun& run : channels.axes[dim]) {
      if (run.group == group) slices.add(begin, run.repeat, groups_.groups[group].channels, sums);
      begin += groups_.groups[run.group].channels * run.repeat;
    }
  }

  // Two tensors as outer x size x inner.
  struct Slices {
    std::span<const float> reference;
    std::span<const float> other;
    std::size_t outer;
    std::size_t size;
    std::size_t inner;

    // Each channel is `repeat` places of the middle dimension, the first at `begin`.
    void add(std::size_t begin, std::size_t repeat, std::size_t channels, Similarities& sums) const {
      const std::size_t length = repeat * inner;
      for (std::size_t o = 0; o < outer; ++o)
        for (std::size_t i = 0; i < channels; ++i)
          for (std::size_t j = 0; j < channels; ++j) {
            const auto left = reference.subspan((o * size + begin + i * repeat) * inner, length);
            const auto right = other.subspan((o * size + begin + j * repeat) * inner, length);
            double& sum = sums[i * channels + j];
            for (std::size_t k = 0; k < length; ++k)
              sum += static_cast<double>(left[k]) * static_cast<double>(right[k]);
          }
    }
  };

  const ChannelGroups& groups_;
  const nn::Parameters& reference_;
  const nn::Parameters& other_;
  ChannelSelection match_;
  std::vector<bool> settled_;  // fixed, or matched before
};

}  // namespace

ChannelSelection match_by_activations(const nn::NetworkSpec& network, const nn::Parameters& reference,
                                      const nn::Parameters& other, std::span<const float> anchors, int threads) {
  reference.check(network);
  other.check(network);
  require(!anchors.empty() && anchors.size() % network.input.size() == 0,
          "the anchors of channel matching are " + std::to_string(anchors.size()) +
              " values; expected one input of the network or more, of " + std::to_string(network.input.size()));
  const ChannelGroups groups = channel_groups(network);
  std::vector<Similarities> similarities;
  for (const ChannelGroup& group : groups.groups) similarities.emplace_back(group.channels * group.channels);
  for (std::size_t layer = 0; layer < network.layers.size(); ++layer) {
    const auto group = observed_group(network, groups, layer);
    if (!group) continue;
    const PartialNetwork part = network_up_to(network, layer);
    add_correlations(activations(part, reference, anchors, threads), activations(part, other, anchors, threads),
                     groups.groups[*group].channels, similarities[*group]);
  }
  ChannelSelection match = all_channels(groups);
  for (std::size_t g = 0; g < match.size(); ++g)
    if (!groups.groups[g].fixed) match[g] = best_match(similarities[g], match[g].size());
  return match;
}

ChannelSelection match_by_weights(const nn::NetworkSpec& network, const nn::Parameters& reference,
                                  const nn::Parameters& other) {
  constexpr int kPasses = 50;  // it settles within a few
  reference.check(network);
  other.check(network);
  const ChannelGroups groups = channel_groups(network);
  WeightMatcher matcher(groups, reference, other);
  for (int pass = 0; pass < kPasses && (matcher.pass() || pass == 0); ++pass) continue;
  return matcher.match();
}

}  // namespace outrider::surgery
