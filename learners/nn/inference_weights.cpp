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

// What a batch norm does to channel c: scale * x + shift. In double: folded once, used often.
struct Affine {
  std::vector<double> scale;
  std::vector<double> shift;
};

Affine affine_of(const NetworkSpec& spec, const Parameters& parameters, std::size_t layer) {
  const auto& norm = std::get<BatchNorm>(spec.layers[layer]);
  const auto& mean = values(parameters, layer, "running_mean");
  const auto& variance = values(parameters, layer, "running_variance");
  Affine affine{std::vector<double>(mean.size(), 1.0), std::vector<double>(mean.size(), 0.0)};
  for (std::size_t c = 0; c < mean.size(); ++c) {
    const double gamma = norm.affine ? values(parameters, layer, "gamma")[c] : 1.0;
    const double beta = norm.affine ? values(parameters, layer, "beta")[c] : 0.0;
    affine.scale[c] = gamma / std::sqrt(static_cast<double>(variance[c]) + static_cast<double>(norm.epsilon));
    affine.shift[c] = beta - affine.scale[c] * mean[c];
  }
  return affine;
}

bool layer_has_bias(const Layer& layer) {
  if (const auto* convolution = std::get_if<Convolution>(&layer)) return convolution->bias;
  return std::get<FullyConnected>(layer).bias;
}

void load(const NetworkSpec& spec, const Parameters& parameters, const FoldedWeights& folded,
          const Execution& execution) {
  std::vector<float> weights = values(parameters, folded.layer, "weight");
  const auto channels =
      static_cast<std::size_t>(parameters.at(fmt::format("{}.weight", folded.layer)).spec.dims.front());
  std::vector<float> bias = layer_has_bias(spec.layers[folded.layer]) ? values(parameters, folded.layer, "bias")
                                                                      : std::vector<float>(channels, 0.0F);
  if (folded.batch_norm) {
    const Affine affine = affine_of(spec, parameters, *folded.batch_norm);
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

void load(const NetworkSpec& spec, const Parameters& parameters, const LooseBatchNorm& loose,
          const Execution& execution) {
  const bool affine = std::get<BatchNorm>(spec.layers[loose.layer]).affine;
  const auto copy = [&](std::string_view role, BufferId to) {
    std::ranges::copy(values(parameters, loose.layer, role), execution.floats(to).begin());
  };
  copy("running_mean", loose.mean);
  copy("running_variance", loose.variance);
  if (affine) {
    copy("gamma", loose.scale);
    copy("beta", loose.shift);
  } else {
    std::ranges::fill(execution.floats(loose.scale), 1.0F);
    std::ranges::fill(execution.floats(loose.shift), 0.0F);
  }
}

}  // namespace

void load_inference(const NetworkSpec& spec, const Parameters& parameters, const InferenceProgram& compiled,
                    const Execution& execution) {
  for (const FoldedWeights& folded : compiled.folded) load(spec, parameters, folded, execution);
  for (const LooseBatchNorm& loose : compiled.loose) load(spec, parameters, loose, execution);
}

}  // namespace outrider::nn
