// The network whose weights nobody changes and nobody sends: every node builds them from a seed. Tasks are masks over
// it (supermasks: Wortsman et al. 2020, Yadav and Bansal 2022). The definition is what travels; its digest is the space
// in which tasks are comparable.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "knowledge/bytes.h"
#include "knowledge/digest.h"
#include "learners/encoders/encoder.h"

namespace outrider {

// What the weights are made of.
enum class BaseWeights : std::uint8_t {
  signed_constant,  // plus or minus sqrt(2 / fan in) (Ramanujan et al. 2020): for mask search
  he_normal,        // for lottery tickets (Frankle and Carbin 2019)
};

struct BaseNetwork {
  static constexpr std::size_t kMaxBytes = std::size_t{128} << 10;  // of the wire form

  Preprocessing preprocessing;
  nn::NetworkSpec network;  // weights only: no biases, no affine normalisation; outputs are the classes of one task
  double density = 0.1;     // share of each layer's weights that a task uses, in (0, 1]
  std::uint64_t seed = 0;
  BaseWeights weights = BaseWeights::signed_constant;

  bool operator==(const BaseNetwork&) const = default;

  // How many classes a task can have.
  std::size_t outputs() const { return network.output_shape().size(); }
  // The network's weight tensors, in layer order: what a mask covers.
  std::vector<nn::TensorSpec> weight_tensors() const;
  // The values of the weight tensors, in that order: pure functions of the seed, the same on every machine.
  std::vector<std::vector<float>> weight_values() const;

  // Throws InputError unless the parts fit each other: picture and network input, weights only, density, finite
  // numbers.
  void check() const;
  // The wire form (base_network.capnp); equal definitions give equal bytes. Throws InputError unless check() passes.
  Bytes encode() const;
  // Throws InputError when the bytes are malformed, too many, something else, or do not pass check().
  static BaseNetwork decode(ByteView bytes);
  // Whether the bytes begin as a base network's do: decode() then says what is wrong with them, if anything.
  static bool recognises(ByteView bytes);
  Digest id() const { return Digest::of(encode()); }
};

// The network without biases and affine parameters: what is left is what masks can cover.
nn::NetworkSpec weights_only(nn::NetworkSpec network);

// An architecture by name (learners/encoders/architectures.h) with a head of `classes` outputs, weights only.
nn::NetworkSpec base_architecture(std::string_view name, const ImageShape& input, std::int64_t classes);

}  // namespace outrider
