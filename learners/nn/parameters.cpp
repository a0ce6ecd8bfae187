#include "learners/nn/parameters.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "knowledge/error.h"
#include "learners/random.h"

static_assert(std::endian::native == std::endian::little, "tensors travel as they lie in memory");

namespace outrider::nn {
namespace {

std::string_view role_name(TensorRole role) {
  switch (role) {
    case TensorRole::kWeight:
      return "weight";
    case TensorRole::kBias:
      return "bias";
    case TensorRole::kGamma:
      return "gamma";
    case TensorRole::kBeta:
      return "beta";
    case TensorRole::kRunningMean:
      return "running_mean";
    case TensorRole::kRunningVariance:
      return "running_variance";
  }
  return "";
}

using Dims = std::vector<std::int64_t>;

struct TensorsOf {
  std::size_t index = 0;
  Shape input;

  TensorSpec tensor(TensorRole role, Dims dims) const {
    return {fmt::format("{}.{}", index, role_name(role)), index, role, std::move(dims)};
  }
  std::vector<TensorSpec> operator()(const Convolution& c) const {
    std::vector<TensorSpec> tensors{
        tensor(TensorRole::kWeight, {c.channels, input.channels / c.groups, c.kernel.height, c.kernel.width})};
    if (c.bias) tensors.push_back(tensor(TensorRole::kBias, {c.channels}));
    return tensors;
  }
  std::vector<TensorSpec> operator()(const TransposedConvolution& c) const {
    std::vector<TensorSpec> tensors{
        tensor(TensorRole::kWeight, {c.channels, input.channels, c.kernel.height, c.kernel.width})};
    if (c.bias) tensors.push_back(tensor(TensorRole::kBias, {c.channels}));
    return tensors;
  }
  std::vector<TensorSpec> operator()(const FullyConnected& f) const {
    std::vector<TensorSpec> tensors{tensor(TensorRole::kWeight, {f.channels, static_cast<std::int64_t>(input.size())})};
    if (f.bias) tensors.push_back(tensor(TensorRole::kBias, {f.channels}));
    return tensors;
  }
  std::vector<TensorSpec> operator()(const BatchNorm& b) const {
    std::vector<TensorSpec> tensors;
    if (b.affine) {
      tensors.push_back(tensor(TensorRole::kGamma, {input.channels}));
      tensors.push_back(tensor(TensorRole::kBeta, {input.channels}));
    }
    const auto dims = b.sets == 1 ? Dims{input.channels} : Dims{b.sets, input.channels};
    tensors.push_back(tensor(TensorRole::kRunningMean, dims));
    tensors.push_back(tensor(TensorRole::kRunningVariance, dims));
    return tensors;
  }
  std::vector<TensorSpec> operator()(const InstanceNorm& n) const {
    if (!n.affine) return {};
    return {tensor(TensorRole::kGamma, {input.channels}), tensor(TensorRole::kBeta, {input.channels})};
  }
  std::vector<TensorSpec> operator()(const InstanceBatchNorm& n) const {
    const Dims shared{input.channels - n.instance_channels};
    return {tensor(TensorRole::kGamma, {input.channels}), tensor(TensorRole::kBeta, {input.channels}),
            tensor(TensorRole::kRunningMean, shared), tensor(TensorRole::kRunningVariance, shared)};
  }
  std::vector<TensorSpec> operator()(const auto&) const { return {}; }
};

std::vector<float> initial_values(const TensorSpec& spec, std::uint64_t seed) {
  const bool one = spec.role == TensorRole::kGamma || spec.role == TensorRole::kRunningVariance;
  std::vector<float> values(spec.size(), one ? 1.0F : 0.0F);
  if (spec.role != TensorRole::kWeight) return values;
  const auto deviation = static_cast<float>(std::sqrt(2.0 / spec.fan_in()));
  Random random(seed, "init", 0, spec.layer);
  for (float& value : values) value = deviation * random.normal();
  return values;
}

void append(Bytes& bytes, const void* data, std::size_t size) {
  const std::size_t before = bytes.size();
  bytes.resize(before + size);
  std::memcpy(bytes.data() + before, data, size);
}

void append_u32(Bytes& bytes, std::size_t number) {
  const auto value = static_cast<std::uint32_t>(number);
  append(bytes, &value, sizeof value);
}

class Cursor {
 public:
  explicit Cursor(ByteView bytes) : rest_(bytes) {}

  ByteView take(std::size_t size, std::string_view what) {
    if (size > rest_.size())
      throw InputError(fmt::format("network parameters are truncated: {} needs {} more bytes, {} are left", what, size,
                                   rest_.size()));
    const ByteView taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  std::uint32_t take_u32(std::string_view what) {
    std::uint32_t number = 0;
    std::memcpy(&number, take(sizeof number, what).data(), sizeof number);
    return number;
  }
  std::size_t left() const { return rest_.size(); }

 private:
  ByteView rest_;
};

void expect_u32(Cursor& cursor, std::size_t expected, const std::string& what) {
  const std::uint32_t found = cursor.take_u32(what);
  if (found != expected)
    throw InputError(fmt::format("network parameters: {} is {}; the network expects {}", what, found, expected));
}

void check_values(const Tensor& tensor) {
  const bool variance = tensor.spec.role == TensorRole::kRunningVariance;
  for (const float value : tensor.values)
    if (!std::isfinite(value) || (variance && value < 0))
      throw InputError(fmt::format("network parameters: tensor {} holds {}; expected finite values{}", tensor.spec.name,
                                   value, variance ? ", none negative" : ""));
}

Tensor decode_tensor(Cursor& cursor, const TensorSpec& spec) {
  expect_u32(cursor, spec.name.size(), fmt::format("the name length of tensor {}", spec.name));
  const auto name = text_of(cursor.take(spec.name.size(), "a tensor's name"));
  if (name != spec.name)
    throw InputError(fmt::format("network parameters: found another tensor where the network expects {}", spec.name));
  expect_u32(cursor, spec.dims.size(), fmt::format("the rank of tensor {}", spec.name));
  for (const std::int64_t dim : spec.dims)
    expect_u32(cursor, static_cast<std::size_t>(dim), fmt::format("a dimension of tensor {}", spec.name));
  const ByteView raw = cursor.take(spec.size() * sizeof(float), fmt::format("tensor {}", spec.name));
  Tensor tensor{spec, std::vector<float>(spec.size())};
  std::memcpy(tensor.values.data(), raw.data(), raw.size());
  return tensor;
}

}  // namespace

std::size_t TensorSpec::size() const {
  std::size_t size = 1;
  for (const std::int64_t dim : dims) size *= static_cast<std::size_t>(dim);
  return size;
}

std::vector<TensorSpec> layer_tensors(std::size_t index, const Layer& layer, const Shape& input) {
  return std::visit(TensorsOf{index, input}, layer);
}

std::vector<TensorSpec> network_tensors(const NetworkSpec& spec) {
  const auto shapes = spec.shapes();
  std::vector<TensorSpec> tensors;
  for (std::size_t i = 0; i < spec.layers.size(); ++i)
    for (TensorSpec& tensor : layer_tensors(i, spec.layers[i], shapes[i])) tensors.push_back(std::move(tensor));
  return tensors;
}

Parameters Parameters::initial(const NetworkSpec& spec, std::uint64_t seed) {
  Parameters parameters;
  for (TensorSpec& tensor : network_tensors(spec)) {
    auto values = initial_values(tensor, seed);
    parameters.tensors.push_back({std::move(tensor), std::move(values)});
  }
  return parameters;
}

const Tensor& Parameters::at(std::string_view name) const {
  const auto found = std::ranges::find(tensors, name, [](const Tensor& tensor) { return tensor.spec.name; });
  if (found == tensors.end()) throw InputError(fmt::format("the network has no tensor named '{}'", name));
  return *found;
}

Tensor& Parameters::at(std::string_view name) {
  return const_cast<Tensor&>(std::as_const(*this).at(name));
}

void Parameters::check(const NetworkSpec& spec) const {
  const auto expected = network_tensors(spec);
  if (tensors.size() != expected.size())
    throw InputError(
        fmt::format("network parameters: {} tensors; the network expects {}", tensors.size(), expected.size()));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (tensors[i].spec != expected[i] || tensors[i].values.size() != expected[i].size())
      throw InputError(fmt::format(
          "network parameters: tensor {} is named {} with {} values; the network expects {} "
          "of shape {}",
          i, tensors[i].spec.name, tensors[i].values.size(), expected[i].name, fmt::join(expected[i].dims, "x")));
    check_values(tensors[i]);
  }
}

Bytes Parameters::encode() const {
  std::size_t size = sizeof(std::uint32_t);
  for (const Tensor& tensor : tensors)
    size += (2 + tensor.spec.dims.size()) * sizeof(std::uint32_t) + tensor.spec.name.size() +
            tensor.values.size() * sizeof(float);
  Bytes bytes;
  bytes.reserve(size);
  append_u32(bytes, tensors.size());
  for (const Tensor& tensor : tensors) {
    append_u32(bytes, tensor.spec.name.size());
    append(bytes, tensor.spec.name.data(), tensor.spec.name.size());
    append_u32(bytes, tensor.spec.dims.size());
    for (const std::int64_t dim : tensor.spec.dims) append_u32(bytes, static_cast<std::size_t>(dim));
    append(bytes, tensor.values.data(), tensor.values.size() * sizeof(float));
  }
  return bytes;
}

Parameters Parameters::decode(ByteView bytes, const NetworkSpec& spec) {
  const auto expected = network_tensors(spec);
  Cursor cursor(bytes);
  expect_u32(cursor, expected.size(), "the number of tensors");
  Parameters parameters;
  parameters.tensors.reserve(expected.size());
  for (const TensorSpec& tensor : expected) parameters.tensors.push_back(decode_tensor(cursor, tensor));
  if (cursor.left() != 0)
    throw InputError(fmt::format("network parameters: {} bytes follow the last tensor", cursor.left()));
  for (const Tensor& tensor : parameters.tensors) check_values(tensor);
  return parameters;
}

}  // namespace outrider::nn
