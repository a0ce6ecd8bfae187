#include "learners/surgery/value_statistics.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/nn/plan.h"
#include "learners/surgery/partial_network.h"

namespace outrider::surgery {
namespace {

std::optional<std::size_t> layer_before(const nn::NetworkSpec& network, std::size_t layer) {
  return layer == 0 ? std::nullopt : computing_layer(network, layer - 1);
}

// Hands values on in their channels, none of them made negative.
bool passes_on(const nn::Layer& layer) {
  return std::holds_alternative<nn::Pooling>(layer) || std::holds_alternative<nn::GlobalPooling>(layer) ||
         std::holds_alternative<nn::Upsampling>(layer) || std::holds_alternative<nn::Dropout>(layer) ||
         std::holds_alternative<nn::Flatten>(layer);
}

std::optional<std::size_t> before_what_passes_on(const nn::NetworkSpec& network, std::optional<std::size_t> layer) {
  while (layer && passes_on(network.layers[*layer])) layer = layer_before(network, *layer);
  return layer;
}

struct Moments {
  float mean = 0;
  float variance = 1;
};

// Of max(0, x) for x normal.
Moments rectified(double mean, double deviation) {
  if (deviation == 0) return {static_cast<float>(std::max(mean, 0.0)), 0};
  const double z = mean / deviation;
  const double below = 0.5 * std::erfc(-z / std::numbers::sqrt2);  // the share above 0
  const double density = std::exp(-z * z / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
  const double first = mean * below + deviation * density;
  const double second = (mean * mean + deviation * deviation) * below + mean * deviation * density;
  return {static_cast<float>(first), static_cast<float>(std::max(second - first * first, 0.0))};
}

bool normalises(const nn::Layer& layer) {
  return std::holds_alternative<nn::BatchNorm>(layer) || std::holds_alternative<nn::InstanceNorm>(layer) ||
         std::holds_alternative<nn::InstanceBatchNorm>(layer);
}

const nn::Tensor* tensor_of(const nn::Parameters& parameters, std::size_t layer, nn::TensorRole role) {
  const auto found = std::ranges::find_if(parameters.tensors, [&](const nn::Tensor& tensor) {
    return tensor.spec.layer == layer && tensor.spec.role == role;
  });
  return found == parameters.tensors.end() ? nullptr : &*found;
}

float value_or(const nn::Tensor* tensor, std::size_t channel, float otherwise) {
  return tensor == nullptr ? otherwise : tensor->values[channel];
}

}  // namespace

std::optional<std::size_t> computing_layer(const nn::NetworkSpec& network, std::size_t layer) {
  assert(layer < network.layers.size());
  const nn::Layer& each = network.layers[layer];
  if (std::holds_alternative<nn::As>(each)) return layer_before(network, layer);
  const auto* from = std::get_if<nn::From>(&each);
  if (from == nullptr) return layer;
  const auto named = std::ranges::find(network.layers, nn::Layer{nn::As{from->name}});
  if (named == network.layers.end()) return std::nullopt;  // the input
  return computing_layer(network, static_cast<std::size_t>(named - network.layers.begin()));
}

bool never_negative(const nn::NetworkSpec& network, std::size_t layer) {
  const auto made = before_what_passes_on(network, computing_layer(network, layer));
  return made && (std::holds_alternative<nn::Relu>(network.layers[*made]) ||
                  std::holds_alternative<nn::Sigmoid>(network.layers[*made]));
}

ChannelStatistics expected_statistics(const nn::NetworkSpec& network, const nn::Parameters& parameters,
                                      std::size_t layer) {
  const auto shapes = network.shapes();
  const auto channels = static_cast<std::size_t>(shapes[layer + 1].channels);
  auto made = before_what_passes_on(network, computing_layer(network, layer));
  const bool relu = made && std::holds_alternative<nn::Relu>(network.layers[*made]);
  if (relu) made = layer_before(network, *made);
  const bool known = made && normalises(network.layers[*made]);
  const nn::Tensor* gamma = known ? tensor_of(parameters, *made, nn::TensorRole::kGamma) : nullptr;
  const nn::Tensor* beta = known ? tensor_of(parameters, *made, nn::TensorRole::kBeta) : nullptr;
  // Flattening repeats a channel for each of its pixels.
  const std::size_t repeat = known ? channels / static_cast<std::size_t>(shapes[*made + 1].channels) : 1;
  ChannelStatistics statistics;
  for (std::size_t channel = 0; channel < channels; ++channel) {
    const float deviation = std::abs(value_or(gamma, channel / repeat, 1));
    const float mean = value_or(beta, channel / repeat, 0);
    const Moments moments = relu ? rectified(mean, deviation) : Moments{mean, deviation * deviation};
    statistics.mean.push_back(moments.mean);
    statistics.variance.push_back(moments.variance);
  }
  return statistics;
}

ChannelStatistics measured_statistics(const nn::NetworkSpec& network, const nn::Parameters& parameters,
                                      std::size_t layer, std::span<const float> samples, int threads) {
  parameters.check(network);
  const auto made = computing_layer(network, layer);
  require(made.has_value(), fmt::format("layer {} hands on the network's input, which is not measured", layer + 1));
  const PartialNetwork part = network_up_to(network, *made);
  nn::InferencePlan plan(part.network, part.parameters(parameters), threads);
  const std::size_t count = samples.size() / network.input.size();
  assert(count > 0 && samples.size() == count * network.input.size());
  std::vector<float> values(count * plan.output_size());
  plan.forward(samples, values);
  const nn::Shape shape = part.network.output_shape();
  const auto channels = static_cast<std::size_t>(shape.channels);
  const std::size_t pixels = shape.size() / channels;
  ChannelStatistics statistics;
  for (std::size_t channel = 0; channel < channels; ++channel) {
    const auto total = [&](const auto& term) {
      double sum = 0;
      for (std::size_t sample = 0; sample < count; ++sample)
        for (std::size_t i = 0; i < pixels; ++i)
          sum += term(static_cast<double>(values[(sample * channels + channel) * pixels + i]));
      return sum;
    };
    const auto n = static_cast<double>(count * pixels);
    const double mean = total([](double value) { return value; }) / n;
    const double square = total([mean](double value) { return (value - mean) * (value - mean); });
    statistics.mean.push_back(static_cast<float>(mean));
    statistics.variance.push_back(static_cast<float>(square / std::max(n - 1, 1.0)));
  }
  return statistics;
}

}  // namespace outrider::surgery
