// A network as data: a value that can be compared, printed, parsed, sent and compiled into a plan (plan.h).
//
//   const auto spec = parse_network("input 1x28x28; conv 64 k3 s1 p1; batchnorm; relu; maxpool 2; flatten; linear 10");
//   spec.output_shape();      // 10x1x1
//   spec.parameter_count();
//
// Layers run in order, each on the output of the one before it, and may read outputs that were given a name. A residual
// block with a projection:
//   ...; as block; conv 64 k3 s2 p1; batchnorm; relu; conv 64 k3 p1; batchnorm; as body;
//   from block; conv 64 k1 s2; batchnorm; add body; relu; ...
//
// The text form is what travels in an encoder. One layer per `;`, options in brackets are left out when they have their
// default; K, S, P, D, O and F are one number, or HxW:
//   conv OUT kK [sS] [pP] [dD] [gG] [nobias]
//   deconv OUT kK [sS] [pP] [oO] [nobias]      transposed convolution
//   linear OUT [nobias]                        fully connected, on all values of a sample
//   batchnorm [noaffine] [epsE] [momentumM] [setsN]
//   instancenorm [noaffine] [epsE]
//   ibn N [epsE] [momentumM]                   instance norm of the first N channels, batch norm of the others
//   relu | sigmoid | tanh
//   maxpool K [sS] [pP]                        stride defaults to the kernel
//   avgpool K [sS] [pP]                        padding does not count in the mean
//   globalavgpool | globalmaxpool
//   upsample F [bilinear]                      F times the height and width; nearest unless bilinear
//   dropout RATE
//   flatten                                    CxHxW -> (C*H*W)x1x1
//   as NAME                                    names the value at hand: a letter, then letters, digits or '_'
//   from NAME                                  goes on from that value; follows an `as`, or a value would be lost
//   add NAME                                   elementwise
//   concat NAME                                the channels at hand, then those of NAME
// The name `input` is the network's input. Every other name must be read somewhere.
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

// The transpose of a convolution from its output to its input: every input value spreads over a kernel's window.
// (in - 1) * stride + kernel - 2 * padding + extra values a side; weights are out x in x kernel (oihw).
struct TransposedConvolution {
  std::int64_t channels = 1;
  Extent kernel{1, 1};
  Extent stride{1, 1};
  Extent padding{0, 0};
  Extent extra{0, 0};  // rows and columns more at the end, less than the stride
  bool bias = true;
  bool operator==(const TransposedConvolution&) const = default;
};

// y = W x + b; weights are out x in.
struct FullyConnected {
  std::int64_t channels = 1;
  bool bias = true;
  bool operator==(const FullyConnected&) const = default;
};

// Ioffe and Szegedy 2015. Training normalises with the batch's mean and (biased) variance and moves the running
// statistics by running += momentum * (batch - running), with the unbiased variance; inference uses the running ones.
// With more than one set, a plan works on the one that it is told to: one per task, say.
struct BatchNorm {
  bool affine = true;  // with gamma and beta
  float epsilon = 1e-5F;
  float momentum = 0.1F;
  std::int64_t sets = 1;  // of running statistics
  bool operator==(const BatchNorm&) const = default;
};

// Ulyanov et al. 2016: every channel of every sample by its own mean and variance.
struct InstanceNorm {
  bool affine = true;
  float epsilon = 1e-5F;
  bool operator==(const InstanceNorm&) const = default;
};

// IBN-a (Pan et al. 2018): the first channels instance-normalised, the others batch-normalised; affine.
struct InstanceBatchNorm {
  std::int64_t instance_channels = 1;  // at least 1, less than all
  float epsilon = 1e-5F;
  float momentum = 0.1F;
  bool operator==(const InstanceBatchNorm&) const = default;
};

struct Relu {
  bool operator==(const Relu&) const = default;
};
struct Sigmoid {
  bool operator==(const Sigmoid&) const = default;
};
struct Tanh {
  bool operator==(const Tanh&) const = default;
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

struct GlobalPooling {
  PoolingKind kind = PoolingKind::kAverage;
  bool operator==(const GlobalPooling&) const = default;
};

// Bilinear: pixel centres keep their places (half-pixel rule), edges repeat.
struct Upsampling {
  Extent factor{2, 2};
  bool bilinear = false;
  bool operator==(const Upsampling&) const = default;
};

// Srivastava et al. 2014: in training each value is 0 with probability `rate`, else divided by 1 - rate. Inference
// passes values on.
struct Dropout {
  float rate = 0.5F;
  bool operator==(const Dropout&) const = default;
};

struct Flatten {
  bool operator==(const Flatten&) const = default;
};

struct As {
  std::string name;
  bool operator==(const As&) const = default;
};
struct From {
  std::string name;
  bool operator==(const From&) const = default;
};
struct Add {
  std::string name;
  bool operator==(const Add&) const = default;
};
struct Concat {
  std::string name;
  bool operator==(const Concat&) const = default;
};

using Layer =
    std::variant<Convolution, TransposedConvolution, FullyConnected, BatchNorm, InstanceNorm, InstanceBatchNorm, Relu,
                 Sigmoid, Tanh, Pooling, GlobalPooling, Upsampling, Dropout, Flatten, As, From, Add, Concat>;

// What a network may ask for at most; specs come from peers.
struct NetworkLimits {
  static constexpr std::size_t kTextBytes = 64 * 1024;
  static constexpr std::size_t kLayers = 1024;
  static constexpr std::size_t kNameBytes = 32;
  static constexpr std::int64_t kExtent = 4096;         // height, width, kernel, stride, padding, dilation, factor
  static constexpr std::int64_t kChannels = 1 << 16;    // also the values of a vector
  static constexpr std::int64_t kStatisticSets = 1024;  // of a batch norm
  static constexpr std::size_t kValues = 1u << 26;      // of one sample between two layers
  static constexpr std::size_t kParameters = 60000000;  // 240 MB
  static constexpr double kMultiplyAdds = 1e12;         // of one sample
};

struct NetworkSpec {
  Shape input;
  std::vector<Layer> layers;

  bool operator==(const NetworkSpec&) const = default;

  // The functions below throw InputError when the layers do not fit each other or exceed NetworkLimits.

  // shapes()[i] is the output of the layer before layer i, which layer i reads unless it is a From; shapes().back() is
  // the output.
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
