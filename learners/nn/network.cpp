#include "learners/nn/network.h"

#include <cmath>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/nn/parameters.h"

namespace outrider::nn {
namespace {

using Limits = NetworkLimits;

void require(bool holds, const std::string& sentence) {
  if (!holds) throw InputError(sentence);
}

void require_within(std::int64_t value, std::int64_t low, std::int64_t high, std::string_view name) {
  require(value >= low && value <= high, fmt::format("{} is {}; expected {} to {}", name, value, low, high));
}

void require_within(Extent extent, std::int64_t low, std::string_view name) {
  require_within(extent.height, low, Limits::kExtent, name);
  require_within(extent.width, low, Limits::kExtent, name);
}

void check_shape(const Shape& shape, std::string_view name) {
  require_within(shape.channels, 1, Limits::kChannels, fmt::format("{} channels", name));
  require_within(shape.height, 1, Limits::kExtent, fmt::format("{} height", name));
  require_within(shape.width, 1, Limits::kExtent, fmt::format("{} width", name));
  require(shape.size() <= Limits::kValues,
          fmt::format("the {} has {} values; at most {} are allowed", name, shape.size(), Limits::kValues));
}

std::int64_t positions(std::int64_t input, std::int64_t kernel, std::int64_t stride, std::int64_t padding,
                       std::int64_t dilation) {
  const std::int64_t reach = (kernel - 1) * dilation + 1;
  require(input + 2 * padding >= reach,
          fmt::format("a window of {} does not fit {} values padded by {}", reach, input, padding));
  return (input + 2 * padding - reach) / stride + 1;
}

Shape slide(Shape input, std::int64_t channels, Extent kernel, Extent stride, Extent padding, Extent dilation) {
  return {channels, positions(input.height, kernel.height, stride.height, padding.height, dilation.height),
          positions(input.width, kernel.width, stride.width, padding.width, dilation.width)};
}

struct ShapeAfter {
  Shape input;

  Shape operator()(const Convolution& c) const {
    require_within(c.channels, 1, Limits::kChannels, "the number of output channels");
    require_within(c.kernel, 1, "the kernel");
    require_within(c.stride, 1, "the stride");
    require_within(c.padding, 0, "the padding");
    require_within(c.dilation, 1, "the dilation");
    require_within(c.groups, 1, Limits::kChannels, "the number of groups");
    require(
        c.channels % c.groups == 0 && input.channels % c.groups == 0,
        fmt::format("{} groups do not divide {} input and {} output channels", c.groups, input.channels, c.channels));
    return slide(input, c.channels, c.kernel, c.stride, c.padding, c.dilation);
  }
  Shape operator()(const FullyConnected& f) const {
    require_within(f.channels, 1, Limits::kChannels, "the number of outputs");
    return {f.channels, 1, 1};
  }
  Shape operator()(const BatchNorm& b) const {
    require(std::isfinite(b.epsilon) && b.epsilon > 0 && b.epsilon <= 1,
            fmt::format("eps is {}; expected more than 0 and at most 1", b.epsilon));
    require(std::isfinite(b.momentum) && b.momentum >= 0 && b.momentum <= 1,
            fmt::format("momentum is {}; expected 0 to 1", b.momentum));
    return input;
  }
  Shape operator()(const Relu&) const { return input; }
  Shape operator()(const Pooling& p) const {
    require_within(p.kernel, 1, "the kernel");
    require_within(p.stride, 1, "the stride");
    require_within(p.padding, 0, "the padding");
    require(p.padding.height < p.kernel.height && p.padding.width < p.kernel.width,
            "the padding of a pooling must be smaller than its kernel");
    return slide(input, input.channels, p.kernel, p.stride, p.padding, {1, 1});
  }
  Shape operator()(const GlobalAveragePooling&) const { return {input.channels, 1, 1}; }
  Shape operator()(const Flatten&) const { return {static_cast<std::int64_t>(input.size()), 1, 1}; }
};

struct MultiplyAdds {
  Shape input;
  Shape output;

  double operator()(const Convolution& c) const {
    return static_cast<double>(output.size()) * static_cast<double>(input.channels / c.groups) *
           static_cast<double>(c.kernel.height * c.kernel.width);
  }
  double operator()(const FullyConnected&) const {
    return static_cast<double>(input.size()) * static_cast<double>(output.size());
  }
  double operator()(const auto&) const { return 0; }
};

}  // namespace

std::vector<Shape> NetworkSpec::shapes() const {
  check_shape(input, "input");
  require(!layers.empty(), "a network needs at least one layer");
  require(layers.size() <= Limits::kLayers,
          fmt::format("the network has {} layers; at most {} are allowed", layers.size(), Limits::kLayers));
  std::vector<Shape> shapes{input};
  shapes.reserve(layers.size() + 1);
  double work = 0;
  std::size_t parameters = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Layer& layer = layers[i];
    try {
      const Shape output = std::visit(ShapeAfter{shapes.back()}, layer);
      check_shape(output, "output");
      work += std::visit(MultiplyAdds{shapes.back(), output}, layer);
      for (const TensorSpec& tensor : layer_tensors(i, layer, shapes.back())) parameters += tensor.size();
      require(work <= Limits::kMultiplyAdds,
              fmt::format("the network needs more than {} multiply-adds for a sample", Limits::kMultiplyAdds));
      require(parameters <= Limits::kParameters,
              fmt::format("the network has more than {} parameters", Limits::kParameters));
      shapes.push_back(output);
    } catch (const InputError& error) {
      throw InputError(fmt::format("layer {} ({}): {}", i + 1, layer_name(layer), error.what()));
    }
  }
  return shapes;
}

std::size_t NetworkSpec::parameter_count() const {
  std::size_t count = 0;
  for (const TensorSpec& tensor : network_tensors(*this))
    if (tensor.trainable()) count += tensor.size();
  return count;
}

double NetworkSpec::multiply_adds() const {
  const auto shape = shapes();
  double work = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) work += std::visit(MultiplyAdds{shape[i], shape[i + 1]}, layers[i]);
  return work;
}

}  // namespace outrider::nn
