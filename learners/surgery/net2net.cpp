#include "learners/surgery/net2net.h"

#include "learners/surgery/channels.h"
#include "learners/surgery/inheritance.h"

namespace outrider::surgery {

Grown grow(const nn::NetworkSpec& network, const nn::Parameters& parameters, const GrowthStep& step) {
  parameters.check(network);
  Inheritance inheritance = inherit(network, parameters, step);
  nn::Parameters weights = inherited_weights(inheritance, parameters);
  weights.check(inheritance.network);
  return {std::move(inheritance.network), std::move(weights), std::move(inheritance.mapping)};
}

Grown grow(const nn::NetworkSpec& network, const nn::Parameters& parameters, std::span<const GrowthStep> steps) {
  Grown grown{network, parameters, {}};
  for (const GrowthStep& step : steps) grown = grow(grown.network, grown.parameters, step);
  return grown;
}

nn::NetworkSpec grown_network(const nn::NetworkSpec& network, const GrowthStep& step) {
  if (const auto* widen = std::get_if<WidenStep>(&step)) return widened_network(network, *widen);
  return deepened_network(network, std::get<DeepenStep>(step));
}

std::vector<std::size_t> widenable_layers(const nn::NetworkSpec& network) {
  const ChannelGroups groups = channel_groups(network);
  std::vector<bool> found(groups.groups.size());
  std::vector<std::size_t> layers;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    if (groups.outputs[i].size() != 1) continue;
    const std::size_t group = groups.outputs[i].front().group;
    if (groups.groups[group].fixed || found[group]) continue;
    found[group] = true;
    layers.push_back(i);
  }
  return layers;
}

std::vector<std::size_t> deepenable_layers(const nn::NetworkSpec& network) {
  std::vector<std::size_t> layers;
  for (std::size_t i = 0; i + 1 < network.layers.size(); ++i)
    if (std::holds_alternative<nn::Relu>(network.layers[i]) && !std::holds_alternative<nn::From>(network.layers[i + 1]))
      layers.push_back(i);
  return layers;
}

}  // namespace outrider::surgery
