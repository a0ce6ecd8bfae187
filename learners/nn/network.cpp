#include "learners/nn/network.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/nn/parameters.h"

namespace outrider::nn {
namespace {

using Limits = NetworkLimits;

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

std::string shape_text(const Shape& shape) {
  return fmt::format("{}x{}x{}", shape.channels, shape.height, shape.width);
}

std::int64_t spread(std::int64_t input, std::int64_t kernel, std::int64_t stride, std::int64_t padding,
                    std::int64_t extra) {
  return (input - 1) * stride + kernel - 2 * padding + extra;
}

void check_epsilon(float epsilon) {
  require(std::isfinite(epsilon) && epsilon > 0 && epsilon <= 1,
          fmt::format("eps is {}; expected more than 0 and at most 1", epsilon));
}

void check_momentum(float momentum) {
  require(std::isfinite(momentum) && momentum >= 0 && momentum <= 1,
          fmt::format("momentum is {}; expected 0 to 1", momentum));
}

// The values that have a name so far.
class NamedShapes {
 public:
  explicit NamedShapes(const Shape& input) { known_.emplace("input", Entry{input, true}); }

  void add(const std::string& name, const Shape& shape) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const bool legal =
        !name.empty() && name.size() <= Limits::kNameBytes && letter(name.front()) &&
        std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
    require(legal, fmt::format("'{}' is no name; expected a letter, then letters, digits or '_', at most {}", name,
                               Limits::kNameBytes));
    require(known_.emplace(name, Entry{shape, false}).second, fmt::format("the name {} is taken", name));
  }
  const Shape& read(const std::string& name) {
    const auto found = known_.find(name);
    require(found != known_.end(), fmt::format("no earlier output is named '{}'", name));
    found->second.read = true;
    return found->second.shape;
  }
  void check_all_read() const {
    for (const auto& [name, entry] : known_)
      require(entry.read, fmt::format("nothing reads the output named {}", name));
  }

 private:
  struct Entry {
    Shape shape;
    bool read;
  };
  std::map<std::string, Entry> known_;
};

struct ShapeAfter {
  Shape input;
  NamedShapes& named;

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
  Shape operator()(const TransposedConvolution& c) const {
    require_within(c.channels, 1, Limits::kChannels, "the number of output channels");
    require_within(c.kernel, 1, "the kernel");
    require_within(c.stride, 1, "the stride");
    require_within(c.padding, 0, "the padding");
    require_within(c.extra, 0, "the extra output");
    require(c.padding.height < c.kernel.height && c.padding.width < c.kernel.width,
            "the padding of a transposed convolution must be smaller than its kernel");
    require(c.extra.height < c.stride.height && c.extra.width < c.stride.width,
            "the extra output of a transposed convolution must be smaller than its stride");
    return {c.channels, spread(input.height, c.kernel.height, c.stride.height, c.padding.height, c.extra.height),
            spread(input.width, c.kernel.width, c.stride.width, c.padding.width, c.extra.width)};
  }
  Shape operator()(const BatchNorm& b) const {
    check_epsilon(b.epsilon);
    check_momentum(b.momentum);
    require_within(b.sets, 1, Limits::kStatisticSets, "the number of sets of statistics");
    return input;
  }
  Shape operator()(const InstanceNorm& n) const {
    check_epsilon(n.epsilon);
    return input;
  }
  Shape operator()(const InstanceBatchNorm& n) const {
    check_epsilon(n.epsilon);
    check_momentum(n.momentum);
    require(n.instance_channels >= 1 && n.instance_channels < input.channels,
            fmt::format("{} of {} channels are to be instance-normalised; expected at least 1 and less than all",
                        n.instance_channels, input.channels));
    return input;
  }
  Shape operator()(const Pooling& p) const {
    require_within(p.kernel, 1, "the kernel");
    require_within(p.stride, 1, "the stride");
    require_within(p.padding, 0, "the padding");
    require(p.padding.height < p.kernel.height && p.padding.width < p.kernel.width,
            "the padding of a pooling must be smaller than its kernel");
    return slide(input, input.channels, p.kernel, p.stride, p.padding, {1, 1});
  }
  Shape operator()(const GlobalPooling&) const { return {input.channels, 1, 1}; }
  Shape operator()(const Upsampling& u) const {
    require_within(u.factor, 1, "the factor");
    return {input.channels, input.height * u.factor.height, input.width * u.factor.width};
  }
  Shape operator()(const Dropout& d) const {
    require(d.rate >= 0 && d.rate < 1, fmt::format("the rate is {}; expected at least 0 and less than 1", d.rate));
    return input;
  }
  Shape operator()(const Flatten&) const { return {static_cast<std::int64_t>(input.size()), 1, 1}; }
  Shape operator()(const As& as) const {
    named.add(as.name, input);
    return input;
  }
  Shape operator()(const From& from) const { return named.read(from.name); }
  Shape operator()(const Add& add) const {
    const Shape& other = named.read(add.name);
    require(other == input, fmt::format("cannot add {} of {} to {}", add.name, shape_text(other), shape_text(input)));
    return input;
  }
  Shape operator()(const Concat& concat) const {
    const Shape& other = named.read(concat.name);
    require(other.height == input.height && other.width == input.width,
            fmt::format("cannot concatenate {} of {} to {}", concat.name, shape_text(other), shape_text(input)));
    return {input.channels + other.channels, input.height, input.width};
  }
  Shape operator()(const auto&) const { return input; }  // activations
};

struct MultiplyAdds {
  Shape input;
  Shape output;

  double operator()(const Convolution& c) const {
    const std::int64_t inputs = input.channels / c.groups;
    return static_cast<double>(output.size()) * static_cast<double>(inputs) *
           static_cast<double>(c.kernel.height * c.kernel.width);
  }
  double operator()(const TransposedConvolution& c) const {
    return static_cast<double>(input.size()) * static_cast<double>(output.channels) *
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
  NamedShapes named(input);
  double work = 0;
  std::size_t parameters = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Layer& layer = layers[i];
    try {
      require(!std::holds_alternative<From>(layer) || (i > 0 && std::holds_alternative<As>(layers[i - 1])),
              "the value before it would be lost; name it with 'as' first");
      const Shape output = std::visit(ShapeAfter{shapes.back(), named}, layer);
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
  named.check_all_read();
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
