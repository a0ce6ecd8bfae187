// For tests: a network in double precision, forward and backward, independent of oneDNN and of the plans; batch
// statistics in training, running ones in inference.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "learners/nn/network.h"
#include "learners/nn/parameters.h"
#include "learners/nn/reference_layers.h"

namespace outrider::nn {

class ReferenceNetwork {
 public:
  using Values = reference::Values;

  ReferenceNetwork(const NetworkSpec& spec, const Parameters& parameters, std::size_t batch)
      : spec_(spec), shapes_(spec.shapes()), batch_(static_cast<std::int64_t>(batch)) {
    for (const Tensor& tensor : parameters.tensors) {
      values[tensor.spec.name].assign(tensor.values.begin(), tensor.values.end());
      gradients[tensor.spec.name].assign(tensor.values.size(), 0.0);
    }
  }

  std::map<std::string, Values> values;     // by tensor name
  std::map<std::string, Values> gradients;  // of the last backward()
  std::size_t statistics_set = 0;
  bool running_statistics = false;  // also in training
  DropoutKey dropout;

  Values forward(const Values& input, bool training, bool move_statistics = true) {
    training_ = training;
    move_ = move_statistics;
    nodes_ = {{input, {}, {}}};
    names_ = {{"input", 0}};
    std::size_t node = 0;
    for (layer_ = 0; layer_ < spec_.layers.size(); ++layer_)
      node = std::visit([&](const auto& layer) { return run(layer, node); }, spec_.layers[layer_]);
    output_ = node;
    return nodes_[node].values;
  }

  // Returns the gradient of the input.
  Values backward(const Values& gradient) {
    for (auto& [name, tensor] : gradients) std::fill(tensor.begin(), tensor.end(), 0.0);
    for (Node& node : nodes_) node.gradient.assign(node.values.size(), 0.0);
    nodes_[output_].gradient = gradient;
    for (std::size_t i = nodes_.size(); i-- > 1;) nodes_[i].backward(nodes_[i].gradient);
    return nodes_[0].gradient;
  }

 private:
  using Backward = std::function<void(const Values&)>;
  struct Node {
    Values values;
    Backward backward;  // adds to the gradients of what it was computed from
    Values gradient;
  };

  std::string name(const char* role) const { return std::to_string(layer_) + "." + role; }
  std::size_t add_node(Values node_values, Backward backward) {
    nodes_.push_back({std::move(node_values), std::move(backward), {}});
    return nodes_.size() - 1;
  }
  std::size_t output_size() const { return static_cast<std::size_t>(batch_) * shapes_[layer_ + 1].size(); }

  std::size_t run(const Convolution& l, std::size_t from) { return weigh(l, l.bias, from); }
  std::size_t run(const TransposedConvolution& l, std::size_t from) { return weigh(l, l.bias, from); }
  std::size_t run(const FullyConnected& l, std::size_t from) { return weigh(l, l.bias, from); }

  std::size_t weigh(const auto& layer, bool has_bias, std::size_t from) {
    const Shape out = shapes_[layer_ + 1];
    const auto weight = name("weight");
    const auto bias = name("bias");
    const auto plane = static_cast<std::size_t>(out.height * out.width);
    const auto channel_of = [=](std::size_t i) { return i / plane % static_cast<std::size_t>(out.channels); };
    const Shape in = shapes_[layer_];
    Values result(output_size());
    for (std::size_t i = 0; i < result.size() && has_bias; ++i) result[i] = values[bias][channel_of(i)];
    const Values& w = values[weight];
    const Values& x = nodes_[from].values;
    reference::for_products(layer, in, out, batch_, [&](auto i, auto o, auto k) { result[o] += w[k] * x[i]; });
    return add_node(std::move(result), [=, this](const Values& gradient) {
      const Values& kernel = values[weight];
      Values& slopes = gradients[weight];
      const Values& inputs = nodes_[from].values;
      Values& input_slopes = nodes_[from].gradient;
      reference::for_products(layer, in, out, batch_, [&](auto i, auto o, auto k) {
        slopes[k] += gradient[o] * inputs[i];
        input_slopes[i] += gradient[o] * kernel[k];
      });
      for (std::size_t i = 0; i < gradient.size() && has_bias; ++i) gradients[bias][channel_of(i)] += gradient[i];
    });
  }

  std::size_t run(const BatchNorm& l, std::size_t from) {
    const auto first = l.sets > 1 ? statistics_set * static_cast<std::size_t>(shapes_[layer_].channels) : 0;
    return normalize(l.affine, l.epsilon, l.momentum, 0, first, from);
  }
  std::size_t run(const InstanceNorm& l, std::size_t from) {
    return normalize(l.affine, l.epsilon, 0, shapes_[layer_].channels, 0, from);
  }
  std::size_t run(const InstanceBatchNorm& l, std::size_t from) {
    return normalize(true, l.epsilon, l.momentum, l.instance_channels, 0, from);
  }

  // The moments of a group, from the batch or from the running statistics, which may move.
  reference::Moments choose(const reference::Group& group, const Values& input, float momentum,
                            std::int64_t instance_channels, std::size_t first_statistic) {
    const auto measured = reference::moments(group, input);
    if (group.channel < static_cast<std::size_t>(instance_channels)) return measured;
    const auto index = first_statistic + group.channel - static_cast<std::size_t>(instance_channels);
    double& mean = values[name("running_mean")][index];
    double& variance = values[name("running_variance")][index];
    if (!training_ || running_statistics) return {mean, variance};
    if (move_) {
      const auto count = static_cast<double>(group.members.size());
      mean += momentum * (measured.mean - mean);
      variance += momentum * (measured.variance * (count > 1 ? count / (count - 1) : 1) - variance);
    }
    return measured;
  }

  std::size_t normalize(bool affine, float epsilon, float momentum, std::int64_t instance_channels,
                        std::size_t first_statistic, std::size_t from) {
    const Values& input = nodes_[from].values;
    const auto groups = reference::groups(shapes_[layer_], batch_, instance_channels);
    const auto gamma_name = name("gamma");
    const auto beta_name = name("beta");
    const auto channels = static_cast<std::size_t>(shapes_[layer_].channels);
    const Values gamma = affine ? values[gamma_name] : Values(channels, 1.0);
    const Values beta = affine ? values[beta_name] : Values(channels, 0.0);
    Values normal(input.size());
    Values result(input.size());
    Values inverse;  // of each group's deviation
    std::vector<bool> given;
    for (const auto& group : groups) {
      const auto moments = choose(group, input, momentum, instance_channels, first_statistic);
      given.push_back(running_statistics && group.channel >= static_cast<std::size_t>(instance_channels));
      inverse.push_back(1.0 / std::sqrt(moments.variance + epsilon));
      for (const auto i : group.members) {
        normal[i] = (input[i] - moments.mean) * inverse.back();
        result[i] = gamma[group.channel] * normal[i] + beta[group.channel];
      }
    }
    return add_node(std::move(result), [=, this](const Values& gradient) {
      for (std::size_t g = 0; g < groups.size(); ++g) {
        const auto& [channel, members] = groups[g];
        double sum = 0;
        double product = 0;
        for (const auto i : members) {
          sum += gradient[i];
          product += gradient[i] * normal[i];
        }
        if (affine) {
          gradients[gamma_name][channel] += product;
          gradients[beta_name][channel] += sum;
        }
        const auto count = static_cast<double>(members.size());
        for (const auto i : members) {
          const double centred = given[g] ? gradient[i] : gradient[i] - sum / count - normal[i] * product / count;
          nodes_[from].gradient[i] += gamma[channel] * inverse[g] * centred;
        }
      }
    });
  }

  // `slope` is the derivative as a function of the output.
  template <typename Function, typename Slope>
  std::size_t activate(std::size_t from, Function function, Slope slope) {
    Values result(nodes_[from].values);
    for (double& value : result) value = function(value);
    const std::size_t own = nodes_.size();
    return add_node(std::move(result), [=, this](const Values& gradient) {
      for (std::size_t i = 0; i < gradient.size(); ++i)
        nodes_[from].gradient[i] += gradient[i] * slope(nodes_[own].values[i]);
    });
  }
  std::size_t run(const Relu&, std::size_t from) {
    return activate(
        from, [](double x) { return std::max(x, 0.0); }, [](double y) { return y > 0 ? 1.0 : 0.0; });
  }
  std::size_t run(const Sigmoid&, std::size_t from) {
    return activate(
        from, [](double x) { return 1 / (1 + std::exp(-x)); }, [](double y) { return y * (1 - y); });
  }
  std::size_t run(const Tanh&, std::size_t from) {
    return activate(
        from, [](double x) { return std::tanh(x); }, [](double y) { return 1 - y * y; });
  }

  std::size_t spread(std::size_t from, std::vector<reference::Share> shares) {
    Values result(output_size());
    for (const auto& share : shares) result[share.to] += share.weight * nodes_[from].values[share.from];
    return add_node(std::move(result), [=, this, shares = std::move(shares)](const Values& gradient) {
      for (const auto& share : shares) nodes_[from].gradient[share.from] += share.weight * gradient[share.to];
    });
  }
  std::size_t run(const Pooling& l, std::size_t from) { return spread_of(l, from); }
  std::size_t run(const GlobalPooling& l, std::size_t from) { return spread_of(l, from); }
  std::size_t run(const Upsampling& l, std::size_t from) { return spread_of(l, from); }
  std::size_t spread_of(const auto& layer, std::size_t from) {
    return spread(from, reference::shares(layer, shapes_[layer_], shapes_[layer_ + 1], batch_, nodes_[from].values));
  }
  std::size_t run(const Dropout& l, std::size_t from) {
    if (!training_) return from;
    return spread(from, reference::dropout_shares(l, layer_, shapes_[layer_].size(), batch_, dropout));
  }

  std::size_t run(const Flatten&, std::size_t from) { return from; }  // plain values stay where they are
  std::size_t run(const As& l, std::size_t from) { return names_[l.name] = from; }
  std::size_t run(const From& l, std::size_t) { return names_.at(l.name); }

  std::size_t run(const Add& l, std::size_t from) {
    const std::size_t other = names_.at(l.name);
    Values result(nodes_[from].values);
    for (std::size_t i = 0; i < result.size(); ++i) result[i] += nodes_[other].values[i];
    return add_node(std::move(result), [=, this](const Values& gradient) {
      for (std::size_t i = 0; i < gradient.size(); ++i) {
        nodes_[from].gradient[i] += gradient[i];
        nodes_[other].gradient[i] += gradient[i];
      }
    });
  }

  std::size_t run(const Concat& l, std::size_t from) {
    const std::size_t other = names_.at(l.name);
    const std::size_t left = shapes_[layer_].size();  // values of a sample
    const std::size_t whole = shapes_[layer_ + 1].size();
    const auto place = [=](std::size_t i) {  // which node an output comes from, and where in it
      const std::size_t n = i / whole;
      const std::size_t rest = i % whole;
      return rest < left ? std::pair(from, n * left + rest) : std::pair(other, n * (whole - left) + rest - left);
    };
    Values result(output_size());
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = nodes_[place(i).first].values[place(i).second];
    return add_node(std::move(result), [=, this](const Values& gradient) {
      for (std::size_t i = 0; i < gradient.size(); ++i) nodes_[place(i).first].gradient[place(i).second] += gradient[i];
    });
  }

  NetworkSpec spec_;
  std::vector<Shape> shapes_;
  std::int64_t batch_;
  std::size_t layer_ = 0;
  bool training_ = true;
  bool move_ = true;
  std::vector<Node> nodes_;
  std::map<std::string, std::size_t> names_;
  std::size_t output_ = 0;
};

}  // namespace outrider::nn
