// The numbers of a network as plain tensors: row-major float32, whatever layout a plan computes in.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "knowledge/bytes.h"
#include "learners/nn/network.h"

namespace outrider::nn {

enum class TensorRole { kWeight, kBias, kGamma, kBeta, kRunningMean, kRunningVariance };

// One tensor that a layer owns. Named "LAYER.ROLE", layers counted from 0: "0.weight", "1.running_variance".
struct TensorSpec {
  std::string name;
  std::size_t layer = 0;
  TensorRole role = TensorRole::kWeight;
  // conv: out, in/groups, kernel rows, kernel columns; linear: out, in; several sets of running statistics: set,
  // channel; else: channels
  std::vector<std::int64_t> dims;

  bool operator==(const TensorSpec&) const = default;
  std::size_t size() const;
  // Values that each output adds up; of weights.
  double fan_in() const { return static_cast<double>(size()) / static_cast<double>(dims.front()); }
  // Running statistics are state but not trained.
  bool trainable() const { return role != TensorRole::kRunningMean && role != TensorRole::kRunningVariance; }
};

// The tensors of layer number `index` which reads `input`; empty for a layer without parameters.
std::vector<TensorSpec> layer_tensors(std::size_t index, const Layer& layer, const Shape& input);
// All tensors of the network, in layer order: the order of Parameters::tensors.
std::vector<TensorSpec> network_tensors(const NetworkSpec& spec);

struct Tensor {
  TensorSpec spec;
  std::vector<float> values;  // spec.size()
  bool operator==(const Tensor&) const = default;
};

// A value: the tensors of one network in network_tensors() order.
struct Parameters {
  std::vector<Tensor> tensors;

  bool operator==(const Parameters&) const = default;

  // Weights He-normal (He et al. 2015: standard deviation sqrt(2 / fan in)), biases and betas 0, gammas 1, running
  // statistics mean 0 and variance 1. Depends on the seed and the layer's number alone.
  static Parameters initial(const NetworkSpec& spec, std::uint64_t seed);

  // The tensor of that name; throws InputError if there is none.
  const Tensor& at(std::string_view name) const;
  Tensor& at(std::string_view name);

  // Throws InputError unless the tensors are those of `spec`, with values that are finite and variances not negative.
  void check(const NetworkSpec& spec) const;

  // Little-endian: count of tensors (u32); per tensor the length of its name (u32), the name, its rank (u32), its dims
  // (u32 each), its values (float32).
  Bytes encode() const;
  // Throws InputError when the bytes are truncated, too long, or do not hold exactly the tensors of `spec` as check().
  static Parameters decode(ByteView bytes, const NetworkSpec& spec);
};

}  // namespace outrider::nn
