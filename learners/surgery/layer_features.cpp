#include "learners/surgery/layer_features.h"

#include <cmath>

#include "learners/nn/parameters.h"

namespace outrider::surgery {
namespace {

enum Kind : std::size_t { kWeighs, kConnects, kNormalises, kActivates, kPools, kJoins, kOther, kKinds };

struct KindOf {
  Kind operator()(const nn::Convolution&) const { return kWeighs; }
  Kind operator()(const nn::TransposedConvolution&) const { return kWeighs; }
  Kind operator()(const nn::FullyConnected&) const { return kConnects; }
  Kind operator()(const nn::BatchNorm&) const { return kNormalises; }
  Kind operator()(const nn::InstanceNorm&) const { return kNormalises; }
  Kind operator()(const nn::InstanceBatchNorm&) const { return kNormalises; }
  Kind operator()(const nn::Relu&) const { return kActivates; }
  Kind operator()(const nn::Sigmoid&) const { return kActivates; }
  Kind operator()(const nn::Tanh&) const { return kActivates; }
  Kind operator()(const nn::Pooling&) const { return kPools; }
  Kind operator()(const nn::GlobalPooling&) const { return kPools; }
  Kind operator()(const nn::Add&) const { return kJoins; }
  Kind operator()(const nn::Concat&) const { return kJoins; }
  Kind operator()(const auto&) const { return kOther; }
};

double logarithm(double value, double scale) {
  return std::log2(1 + value) / scale;
}

double parameters_of(std::size_t index, const nn::Layer& layer, const nn::Shape& input) {
  double count = 0;
  for (const nn::TensorSpec& tensor : nn::layer_tensors(index, layer, input))
    count += static_cast<double>(tensor.size());
  return count;
}

std::vector<double> features_of(const nn::NetworkSpec& network, const std::vector<nn::Shape>& shapes,
                                std::size_t index) {
  const nn::Layer& layer = network.layers[index];
  const nn::Shape& in = shapes[index];
  const nn::Shape& out = shapes[index + 1];
  std::vector<double> features(kKinds);
  features[std::visit(KindOf{}, layer)] = 1;
  const auto* convolution = std::get_if<nn::Convolution>(&layer);
  const double parameters = parameters_of(index, layer, in);
  const auto pixels = static_cast<double>(out.height * out.width);
  features.push_back(logarithm(static_cast<double>(in.channels), 8));
  features.push_back(logarithm(static_cast<double>(out.channels), 8));
  features.push_back(convolution == nullptr ? 0 : static_cast<double>(convolution->kernel.height) / 5);
  features.push_back(logarithm(pixels, 10));
  features.push_back(logarithm(parameters, 16));
  features.push_back(logarithm(parameters * pixels, 24));
  features.push_back(static_cast<double>(index + 1) / static_cast<double>(network.layers.size()));
  return features;
}

}  // namespace

LayerFeatures layer_features(const nn::NetworkSpec& network) {
  static_assert(kKinds + 7 == kLayerFeatures);
  const auto shapes = network.shapes();
  LayerFeatures features;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const bool names =
        std::holds_alternative<nn::As>(network.layers[i]) || std::holds_alternative<nn::From>(network.layers[i]);
    if (!names) features.tokens.push_back(features_of(network, shapes, i));
    features.places.push_back(features.tokens.empty() ? 0 : features.tokens.size() - 1);
  }
  return features;
}

}  // namespace outrider::surgery
