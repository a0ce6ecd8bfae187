// A network as data: a value that can be compared, printed, parsed, sent and compiled into a plan (plan.h).
//
//   const auto spec = parse_network("input 1x28x28; conv 64 k3 s1 p1; batchnorm; relu; maxpool 2; flatten; linear 10");
//   spec.output_shape();      // 10x1x1
//   spec.parameter_count();
//
// Layers run in order, each on the output of the one before it. The text form is what travels in an encoder. One layer
// per `;`, options in brackets are left out when they have their default:
//   conv OUT kK [sS] [pP] [dD] [gG] [nobias]   K, S, P, D: one number, or HxW
//   linear OUT [nobias]                        fully connected, on all values of a sample
//   batchnorm [noaffine] [epsE] [momentumM]
//   relu
//   maxpool K [sS] [pP]                        stride defaults to the kernel
//   avgpool K [sS] [pP]                        padding does not count in the mean
//   globalavgpool
//   flatten                                    CxHxW -> (C*H*W)x1x1
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace outrider::nn {

// The values of one sample: channels x height x width, row-major. A vector of n values is n x 1 x 1.
struct Shape {
  std::int64_t channels = 1;
  std::int64_t height = 1;
  std::int64_t width = 1;

  bool operator==(const Shape&) const = default;
  std::size_t size() const { return static_cast<std::size_t>(channels * height * width); }
};

// Two numbers, for the rows and for the columns.
struct Extent {
  std::int64_t height = 1;
  std::int64_t width = 1;
  bool operator==(const Extent&) const = default;
};

// Cross-correlation with zero padding; weights are out x in/groups x kernel (oihw).
struct Convolution {
  std::int64_t channels = 1;
  Extent kernel{1, 1};
  Extent stride{1, 1};
  Extent padding{0, 0};
  Extent dilation{1, 1};  // 1: none
  std::int64_t groups = 1;
  bool bias = true;
  bool operator==(const Convolution&) const = default;
};

// y = W x + b; weights are out x in.
struct FullyConnected {
  std::int64_t channels = 1;
  bool bias = true;
  bool operator==(const FullyConnected&) const = default;
};

// Ioffe and Szegedy 2015. Training normalises with the batch's mean and (biased) variance and moves the running
// statistics by running += momentum * (batch - running), with the unbiased variance; inference uses the running ones.
struct BatchNorm {
  bool affine = true;  // with gamma and beta
  float epsilon = 1e-5F;
  float momentum = 0.1F;
  bool operator==(const BatchNorm&) const = default;
};

struct Relu {
  bool operator==(const Relu&) const = default;
};

enum class PoolingKind { kMax, kAverage };

// The last rows and columns that fill no whole window are dropped.
struct Pooling {
  PoolingKind kind = PoolingKind::kMax;
  Extent kernel{1, 1};
  Extent stride{1, 1};
  Extent padding{0, 0};
  bool operator==(const Pooling&) const = default;
};

struct GlobalAveragePooling {
  bool operator==(const GlobalAveragePooling&) const = default;
};

struct Flatten {
  bool operator==(const Flatten&) const = default;
};

using Layer = std::variant<Convolution, FullyConnected, BatchNorm, Relu, Pooling, GlobalAveragePooling, Flatten>;

// What a network may ask for at most; specs come from peers.
struct NetworkLimits {
  static constexpr std::size_t kTextBytes = 64 * 1024;
  static constexpr std::size_t kLayers = 1024;
  static constexpr std::int64_t kExtent = 4096;         // height, width, kernel, stride, padding, dilation
  static constexpr std::int64_t kChannels = 1 << 16;    // also the values of a vector
  static constexpr std::size_t kValues = 1u << 26;      // of one sample between two layers
  static constexpr std::size_t kParameters = 60000000;  // 240 MB
  static constexpr double kMultiplyAdds = 1e12;         // of one sample
};

struct NetworkSpec {
  Shape input;
  std::vector<Layer> layers;

  bool operator==(const NetworkSpec&) const = default;

  // The functions below throw InputError when the layers do not fit each other or exceed NetworkLimits.

  // shapes()[i] is what layer i reads, shapes().back() the output.
  std::vector<Shape> shapes() const;
  Shape output_shape() const { return shapes().back(); }
  // Trainable parameters: weights, biases, gammas and betas.
  std::size_t parameter_count() const;
  // Multiply-adds of the convolutions and fully connected layers for one sample, forward.
  double multiply_adds() const;

  // parse_network(spec.text()) == spec for every spec that shapes() accepts.
  std::string text() const;
};

// Reads the text form and checks it all (shapes, limits). Throws InputError with the position and what was expected.
NetworkSpec parse_network(std::string_view text);

// The name of a layer's kind as in the text form, for example "conv".
std::string_view layer_name(const Layer& layer);

}  // namespace outrider::nn
