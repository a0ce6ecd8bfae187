// Folding batch norm into the weights before it: gamma * (w x + b - mean) / sqrt(variance + eps) + beta is a layer with
// weights s w and bias s (b - mean) + beta, s = gamma / sqrt(variance + eps).
#include <algorithm>
#include <cassert>
#include <cmath>

#include <fmt/format.h>

#include "learners/nn/inference_compiler.h"

namespace outrider::nn {
namespace {

const std::vector<float>& values(const Parameters& parameters, std::size_t layer, std::string_view role) {
  return parameters.at(fmt::format("{}.{}", layer, role)).values;
}

// The chosen set of running statistics of a layer.
std::span<const float> statistics(const Parameters& parameters, std::size_t layer, std::string_view role,
                                  std::size_t set) {
  const Tensor& tensor = parameters.at(fmt::format("{}.{}", layer, role));
  const auto channels = static_cast<std::size_t>(tensor.spec.dims.back());
  return std::span(tensor.values).subspan(tensor.spec.dims.size() > 1 ? set * channels : 0, channels);
}

// What a batch norm does to channel c: scale * x + shift. In double: folded once, used often.
struct Affine {
  std::vector<double> scale;
  std::vector<double> shift;
};

Affine affine_of(const NetworkSpec& spec, const Parameters& parameters, std::size_t layer, std::size_t set) {
  const auto& norm = std::get<BatchNorm>(spec.layers[layer]);
  const auto mean = statistics(parameters, layer, "running_mean", set);
  const auto variance = statistics(parameters, layer, "running_variance", set);
  Affine affine{std::vector<double>(mean.size(), 1.0), std::vector<double>(mean.size(), 0.0)};
  for (std::size_t c = 0; c < mean.size(); ++c) {
    const double gamma = norm.affine ? values(parameters, layer, "gamma")[c] : 1.0;
    const double beta = norm.affine ? values(parameters, layer, "beta")[c] : 0.0;
    affine.scale[c] = gamma / std::sqrt(static_cast<double>(variance[c]) + static_cast<double>(norm.epsilon));
    affine.shift[c] = beta - affine.scale[c] * mean[c];
  }
  return affine;
}

struct HasBias {
  bool operator()(const Convolution& layer) const { return layer.bias; }
  bool operator()(const TransposedConvolution& layer) const { return layer.bias; }
  bool operator()(const FullyConnected& layer) const { return layer.bias; }
  bool operator()(const auto&) const { return false; }
};

struct HasRunningStatistics {
  bool operator()(const BatchNorm&) const { return true; }
  bool operator()(const InstanceBatchNorm&) const { return true; }
  bool operator()(const auto&) const { return false; }
};

struct IsAffine {
  bool operator()(const BatchNorm& layer) const { return layer.affine; }
  bool operator()(const InstanceNorm& layer) const { return layer.affine; }
  bool operator()(const auto&) const { return true; }
};

void load(const NetworkSpec& spec, const Parameters& parameters, const FoldedWeights& folded, std::size_t set,
          const Execution& execution) {
  std::vector<float> weights = values(parameters, folded.layer, "weight");
  const auto channels =
      static_cast<std::size_t>(parameters.at(fmt::format("{}.weight", folded.layer)).spec.dims.front());
  std::vector<float> bias = std::visit(HasBias{}, spec.layers[folded.layer]) ? values(parameters, folded.layer, "bias")
                                                                             : std::vector<float>(channels, 0.0F);
  if (folded.batch_norm) {
    const Affine affine = affine_of(spec, parameters, *folded.batch_norm, set);
    const std::size_t fan_in = weights.size() / channels;
    for (std::size_t c = 0; c < channels; ++c) {
      for (float& weight : std::span(weights).subspan(c * fan_in, fan_in))
        weight = static_cast<float>(affine.scale[c] * weight);
      bias[c] = static_cast<float>(affine.scale[c] * bias[c] + affine.shift[c]);
    }
  }
  copy_layout(folded.plain, weights, folded.layout, execution.floats(folded.weights));
  if (folded.has_bias) std::ranges::copy(bias, execution.floats(folded.bias).begin());
}

void load(const NetworkSpec& spec, const Parameters& parameters, const LooseNorm& loose, std::size_t set,
          const Execution& execution) {
  const Layer& layer = spec.layers[loose.layer];
  if (std::visit(HasRunningStatistics{}, layer)) {
    std::ranges::copy(statistics(parameters, loose.layer, "running_mean", set), execution.floats(loose.mean).begin());
    std::ranges::copy(statistics(parameters, loose.layer, "running_variance", set),
                      execution.floats(loose.variance).begin());
  }
  if (std::visit(IsAffine{}, layer)) {
    std::ranges::copy(values(parameters, loose.layer, "gamma"), execution.floats(loose.scale).begin());
    std::ranges::copy(values(parameters, loose.layer, "beta"), execution.floats(loose.shift).begin());
  } else {
    std::ranges::fill(execution.floats(loose.scale), 1.0F);
    std::ranges::fill(execution.floats(loose.shift), 0.0F);
  }
}

}  // namespace

void load_inference(const NetworkSpec& spec, const Parameters& parameters, std::size_t set,
                    const InferenceProgram& compiled, const Execution& execution) {
  for (const FoldedWeights& folded : compiled.folded) load(spec, parameters, folded, set, execution);
  for (const LooseNorm& loose : compiled.loose) load(spec, parameters, loose, set, execution);
}

}  // namespace outrider::nn
