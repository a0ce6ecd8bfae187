// For tests: a network in plain double-precision loops, slow and easy to check by eye. Independent of oneDNN and of the
// plans; batch statistics in training, running ones in inference.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "learners/nn/network.h"
#include "learners/nn/parameters.h"

namespace outrider::nn {

class ReferenceNetwork {
 public:
  using Values = std::vector<double>;

  ReferenceNetwork(const NetworkSpec& spec, const Parameters& parameters, std::size_t batch)
      : spec_(spec), shapes_(spec.shapes()), batch_(static_cast<std::int64_t>(batch)) {
    for (const Tensor& tensor : parameters.tensors) {
      values[tensor.spec.name].assign(tensor.values.begin(), tensor.values.end());
      gradients[tensor.spec.name].assign(tensor.values.size(), 0.0);
    }
  }

  std::map<std::string, Values> values;     // by tensor name
  std::map<std::string, Values> gradients;  // of the last backward()

  Values forward(const Values& input, bool training, bool move_statistics = true) {
    training_ = training;
    move_ = move_statistics;
    activations_ = {input};
    backwards_.clear();
    for (layer_ = 0; layer_ < spec_.layers.size(); ++layer_)
      activations_.push_back(
          std::visit([&](const auto& l) { return run(l, activations_.back()); }, spec_.layers[layer_]));
    return activations_.back();
  }

  // Returns the gradient of the input.
  Values backward(Values gradient) {
    for (auto& [name, tensor] : gradients) std::fill(tensor.begin(), tensor.end(), 0.0);
    for (std::size_t i = backwards_.size(); i-- > 0;) gradient = backwards_[i](gradient);
    return gradient;
  }

 private:
  using Backward = std::function<Values(const Values&)>;

  std::string name(const char* role) const { return std::to_string(layer_) + "." + role; }
  static std::size_t at(const Shape& s, std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
    return static_cast<std::size_t>(((n * s.channels + c) * s.height + y) * s.width + x);
  }

  // Calls visit(output index, input index, kernel index, output channel) for every product of a convolution.
  template <typename Visit>
  void products(const Convolution& l, const Shape& in, const Shape& out, Visit visit) const {
    const auto per_group = in.channels / l.groups;
    for (std::int64_t n = 0; n < batch_; ++n)
      for (std::int64_t o = 0; o < out.channels; ++o)
        for (std::int64_t y = 0; y < out.height; ++y)
          for (std::int64_t x = 0; x < out.width; ++x)
            for (std::int64_t i = 0; i < per_group; ++i)
              for (std::int64_t ky = 0; ky < l.kernel.height; ++ky)
                for (std::int64_t kx = 0; kx < l.kernel.width; ++kx) {
                  const auto sy = y * l.stride.height - l.padding.height + ky * l.dilation.height;
                  const auto sx = x * l.stride.width - l.padding.width + kx * l.dilation.width;
                  if (sy < 0 || sx < 0 || sy >= in.height || sx >= in.width) continue;
                  const auto channel = o / (out.channels / l.groups) * per_group + i;
                  const auto k = ((o * per_group + i) * l.kernel.height + ky) * l.kernel.width + kx;
                  visit(at(out, n, o, y, x), at(in, n, channel, sy, sx), static_cast<std::size_t>(k),
                        static_cast<std::size_t>(o));
                }
  }

  Values run(const Convolution& l, const Values& input) {
    const Shape in = shapes_[layer_];
    const Shape out = shapes_[layer_ + 1];
    const auto weight = name("weight");
    const auto bias = name("bias");
    Values result(static_cast<std::size_t>(batch_) * out.size());
    const std::size_t plane = static_cast<std::size_t>(out.height * out.width);
    const auto channel_of = [=](std::size_t i) { return i / plane % static_cast<std::size_t>(out.channels); };
    if (l.bias)
      for (std::size_t i = 0; i < result.size(); ++i) result[i] = values[bias][channel_of(i)];
    const Values& w = values[weight];
    products(l, in, out, [&](auto o, auto i, auto k, auto) { result[o] += w[k] * input[i]; });
    backwards_.push_back([=, this](const Values& gradient) {
      Values slope(input.size());
      Values& dw = gradients[weight];
      const Values& kernel = values[weight];
      products(l, in, out, [&](auto o, auto i, auto k, auto) {
        dw[k] += gradient[o] * input[i];
        slope[i] += gradient[o] * kernel[k];
      });
      if (l.bias)
        for (std::size_t i = 0; i < gradient.size(); ++i) gradients[bias][channel_of(i)] += gradient[i];
      return slope;
    });
    return result;
  }

  Values run(const FullyConnected& l, const Values& input) {
    Convolution whole{l.channels, {}, {1, 1}, {0, 0}, {1, 1}, 1, l.bias};
    const Shape in = shapes_[layer_];  // a window over the whole picture is a fully connected layer
    whole.kernel = {in.height, in.width};
    return run(whole, input);
  }

  Values run(const BatchNorm& l, const Values& input) {
    const Shape s = shapes_[layer_];
    const auto plane = static_cast<std::size_t>(s.height * s.width);
    const auto channels = static_cast<std::size_t>(s.channels);
    const auto count = static_cast<double>(batch_) * static_cast<double>(plane);
    const auto channel_of = [=](std::size_t i) { return i / plane % channels; };
    Values mean(channels);
    Values variance(channels);
    if (training_) {
      for (std::size_t i = 0; i < input.size(); ++i) mean[channel_of(i)] += input[i] / count;
      for (std::size_t i = 0; i < input.size(); ++i)
        variance[channel_of(i)] += std::pow(input[i] - mean[channel_of(i)], 2) / count;
      for (std::size_t c = 0; c < channels && move_; ++c) {
        double& running_mean = values[name("running_mean")][c];
        double& running_variance = values[name("running_variance")][c];
        running_mean += l.momentum * (mean[c] - running_mean);
        running_variance += l.momentum * (variance[c] * (count > 1 ? count / (count - 1) : 1) - running_variance);
      }
    } else {
      mean = values[name("running_mean")];
      variance = values[name("running_variance")];
    }
    const auto gamma_name = name("gamma");
    const auto beta_name = name("beta");
    const Values gamma = l.affine ? values[gamma_name] : Values(channels, 1.0);
    const Values beta = l.affine ? values[beta_name] : Values(channels, 0.0);
    Values normal(input.size());
    Values result(input.size());
    for (std::size_t i = 0; i < input.size(); ++i) {
      const auto c = channel_of(i);
      normal[i] = (input[i] - mean[c]) / std::sqrt(variance[c] + l.epsilon);
      result[i] = gamma[c] * normal[i] + beta[c];
    }
    backwards_.push_back([=, this](const Values& gradient) {
      Values sum(channels);
      Values product(channels);
      for (std::size_t i = 0; i < gradient.size(); ++i) {
        sum[channel_of(i)] += gradient[i];
        product[channel_of(i)] += gradient[i] * normal[i];
      }
      if (l.affine) {
        gradients[gamma_name] = product;
        gradients[beta_name] = sum;
      }
      Values slope(gradient.size());
      for (std::size_t i = 0; i < gradient.size(); ++i) {
        const auto c = channel_of(i);
        slope[i] = gamma[c] / std::sqrt(variance[c] + l.epsilon) *
                   (gradient[i] - sum[c] / count - normal[i] * product[c] / count);
      }
      return slope;
    });
    return result;
  }

  Values run(const Relu&, const Values& input) {
    Values result(input);
    for (double& value : result) value = std::max(value, 0.0);
    backwards_.push_back([=](const Values& gradient) {
      Values slope(gradient);
      for (std::size_t i = 0; i < slope.size(); ++i)
        if (input[i] <= 0) slope[i] = 0;
      return slope;
    });
    return result;
  }

  Values run(const Pooling& l, const Values& input) {
    const Shape in = shapes_[layer_];
    const Shape out = shapes_[layer_ + 1];
    Values result(static_cast<std::size_t>(batch_) * out.size());
    struct Share {
      std::size_t from, to;
      double weight;
    };
    std::vector<Share> shares;  // every output is a weighted sum of inputs
    for (std::int64_t n = 0; n < batch_; ++n)
      for (std::int64_t c = 0; c < out.channels; ++c)
        for (std::int64_t y = 0; y < out.height; ++y)
          for (std::int64_t x = 0; x < out.width; ++x) {
            std::vector<std::size_t> window;
            for (std::int64_t ky = 0; ky < l.kernel.height; ++ky)
              for (std::int64_t kx = 0; kx < l.kernel.width; ++kx) {
                const auto sy = y * l.stride.height - l.padding.height + ky;
                const auto sx = x * l.stride.width - l.padding.width + kx;
                if (sy >= 0 && sx >= 0 && sy < in.height && sx < in.width) window.push_back(at(in, n, c, sy, sx));
              }
            if (l.kind == PoolingKind::kMax)
              window = {
                  *std::max_element(window.begin(), window.end(), [&](auto a, auto b) { return input[a] < input[b]; })};
            for (const auto from : window)
              shares.push_back({from, at(out, n, c, y, x), 1.0 / static_cast<double>(window.size())});
          }
    for (const Share& share : shares) result[share.to] += share.weight * input[share.from];
    backwards_.push_back([shares, size = input.size()](const Values& gradient) {
      Values slope(size);
      for (const Share& share : shares) slope[share.from] += share.weight * gradient[share.to];
      return slope;
    });
    return result;
  }

  Values run(const GlobalAveragePooling&, const Values& input) {
    const Shape in = shapes_[layer_];
    return run(Pooling{PoolingKind::kAverage, {in.height, in.width}, {in.height, in.width}, {0, 0}}, input);
  }

  Values run(const Flatten&, const Values& input) {
    backwards_.push_back([](const Values& gradient) { return gradient; });
    return input;
  }

  NetworkSpec spec_;
  std::vector<Shape> shapes_;
  std::int64_t batch_;
  std::size_t layer_ = 0;
  bool training_ = true;
  bool move_ = true;
  std::vector<Values> activations_;
  std::vector<Backward> backwards_;
};

}  // namespace outrider::nn
