// Net2DeeperNet: the layers that are put in, and where the tensors of the others have gone.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/surgery/inheritance.h"
#include "learners/surgery/net2net.h"
#include "learners/surgery/value_statistics.h"

namespace outrider::surgery {
namespace {

std::string place_text(const nn::NetworkSpec& network, const DeepenStep& step) {
  return fmt::format("layer {} ({})", step.layer + 1, nn::layer_name(network.layers[step.layer]));
}

void check_place(const nn::NetworkSpec& network, const DeepenStep& step) {
  require(step.layer < network.layers.size(), fmt::format("there is no layer {} to deepen after; the network has {}",
                                                          step.layer + 1, network.layers.size()));
  const std::string layer = place_text(network, step);
  require(computing_layer(network, step.layer).has_value(),
          layer + " hands on the network's input; deepen after a layer that computes something");
  require(step.layer + 1 < network.layers.size(), layer + " makes the network's output; deepen after an earlier one");
  require(
      !std::holds_alternative<nn::From>(network.layers[step.layer + 1]),
      layer + " comes before another branch, which would lose what is put in between; deepen after an earlier layer");
  require(step.kernel % 2 == 1 && step.kernel >= 1 && step.kernel <= DeepenStep::kMaxKernel,
          fmt::format("a kernel of {} has no middle or is too large; expected an odd number up to {}", step.kernel,
                      DeepenStep::kMaxKernel));
}

// As many as the network's other batch norms have: a plan selects one for all.
std::int64_t statistic_sets(const nn::NetworkSpec& network) {
  std::int64_t sets = 1;
  for (const nn::Layer& layer : network.layers)
    if (const auto* norm = std::get_if<nn::BatchNorm>(&layer)) sets = std::max(sets, norm->sets);
  return sets;
}

std::vector<nn::Layer> identity_layers(const nn::NetworkSpec& network, const DeepenStep& step) {
  const nn::Shape shape = network.shapes()[step.layer + 1];
  std::vector<nn::Layer> layers;
  if (shape.height == 1 && shape.width == 1)
    layers.emplace_back(nn::FullyConnected{shape.channels, !step.batch_norm});
  else
    layers.emplace_back(nn::Convolution{.channels = shape.channels,
                                        .kernel = {step.kernel, step.kernel},
                                        .padding = {step.kernel / 2, step.kernel / 2},
                                        .bias = !step.batch_norm});
  if (step.batch_norm) layers.emplace_back(nn::BatchNorm{.sets = statistic_sets(network)});
  if (never_negative(network, step.layer)) layers.emplace_back(nn::Relu{});
  return layers;
}

// 1 at the middle of the kernel from each channel to itself.
std::vector<float> identity_weight(const nn::TensorSpec& weight) {
  std::vector<float> values(weight.size());
  const auto channels = static_cast<std::size_t>(weight.dims[0]);
  const std::size_t kernel = values.size() / (channels * channels);
  for (std::size_t i = 0; i < channels; ++i) values[(i * channels + i) * kernel + kernel / 2] = 1;
  return values;
}

class IdentityTensors {
 public:
  IdentityTensors(const nn::NetworkSpec& network, const nn::Parameters& parameters, const DeepenStep& step)
      : statistics_(step.statistics) {
    if (!step.batch_norm) return;
    if (statistics_.mean.empty()) statistics_ = expected_statistics(network, parameters, step.layer);
    const auto channels = static_cast<std::size_t>(network.shapes()[step.layer + 1].channels);
    require(statistics_.mean.size() == channels && statistics_.variance.size() == channels,
            fmt::format("{} has {} channels; the step has statistics of {}", place_text(network, step), channels,
                        statistics_.mean.size()));
  }

  std::vector<float> values(const nn::TensorSpec& spec) const {
    switch (spec.role) {
      case nn::TensorRole::kWeight:
        return identity_weight(spec);
      case nn::TensorRole::kBias:
        return std::vector<float>(spec.size());
      case nn::TensorRole::kGamma:
        return deviations();
      case nn::TensorRole::kBeta:
        return statistics_.mean;
      case nn::TensorRole::kRunningMean:
        return repeated(statistics_.mean, spec.size());
      case nn::TensorRole::kRunningVariance:
        return repeated(statistics_.variance, spec.size());
    }
    return {};
  }

 private:
  std::vector<float> deviations() const {
    std::vector<float> deviations;
    for (const float variance : statistics_.variance)
      deviations.push_back(std::sqrt(variance + nn::BatchNorm{}.epsilon));
    return deviations;
  }
  static std::vector<float> repeated(const std::vector<float>& values, std::size_t size) {
    std::vector<float> all;
    while (all.size() < size) all.insert(all.end(), values.begin(), values.end());
    return all;
  }

  ChannelStatistics statistics_;
};

}  // namespace

nn::NetworkSpec deepened_network(const nn::NetworkSpec& network, const DeepenStep& step) {
  network.shapes();
  check_place(network, step);
  nn::NetworkSpec deeper = network;
  const auto layers = identity_layers(network, step);
  deeper.layers.insert(deeper.layers.begin() + static_cast<std::ptrdiff_t>(step.layer + 1), layers.begin(),
                       layers.end());
  deeper.shapes();
  return deeper;
}

Inheritance inherit_deepened(const nn::NetworkSpec& network, const nn::Parameters& parameters, const DeepenStep& step) {
  Inheritance inheritance{deepened_network(network, step), {}, {}};
  const std::size_t added = inheritance.network.layers.size() - network.layers.size();
  const IdentityTensors identity(network, parameters, step);
  for (nn::TensorSpec& spec : nn::network_tensors(inheritance.network)) {
    InheritedTensor& tensor = inheritance.tensors.emplace_back();
    const std::string role = spec.name.substr(spec.name.find('.'));
    if (spec.layer <= step.layer)
      tensor.source = spec.name;
    else if (spec.layer > step.layer + added)
      tensor.source = std::to_string(spec.layer - added) + role;
    else
      tensor.values = identity.values(spec);
    tensor.spec = std::move(spec);
  }
  return inheritance;
}

}  // namespace outrider::surgery
