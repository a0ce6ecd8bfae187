#include "learners/averaging/tensor_code.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/half.h"

static_assert(std::endian::native == std::endian::little, "numbers travel as they lie in memory");

namespace outrider::averaging {
namespace {

constexpr int kLevels = 127;  // of int8, either way: -128 is not used

template <typename Number>
Bytes number_bytes(const std::vector<Number>& numbers) {
  Bytes bytes(numbers.size() * sizeof(Number));
  if (!bytes.empty()) std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return bytes;
}

template <typename Number>
std::vector<Number> numbers_of(ByteView bytes, std::size_t count, const std::string& what) {
  require(bytes.size() == count * sizeof(Number),
          fmt::format("{} in {} bytes; expected {}", what, bytes.size(), count * sizeof(Number)));
  std::vector<Number> numbers(count);
  if (count > 0) std::memcpy(numbers.data(), bytes.data(), bytes.size());
  return numbers;
}

// Rows share a scale. Tensors of one dimension (biases, norms) are few values of unlike size: they stay float32.
bool has_scales(const nn::TensorSpec& spec, Encoding encoding) {
  return encoding == Encoding::kInt8 && spec.dims.size() > 1;
}

std::size_t row_count(const nn::TensorSpec& spec) {
  return static_cast<std::size_t>(spec.dims.front());
}

// The smallest float that `kLevels` times reaches the largest magnitude, so that no value needs more levels.
float scale_of(std::span<const float> row) {
  float largest = 0;
  for (const float value : row) largest = std::max(largest, std::abs(value));
  const auto scale = static_cast<float>(static_cast<double>(largest) / kLevels);
  const bool reaches = static_cast<double>(scale) * kLevels >= static_cast<double>(largest);
  return reaches ? scale : std::nextafter(scale, std::numeric_limits<float>::infinity());
}

std::int8_t level_of(float value, float scale) {
  return scale == 0 ? std::int8_t{0}
                    : static_cast<std::int8_t>(std::lround(static_cast<double>(value) / static_cast<double>(scale)));
}

CodedTensor encode_rows(const nn::Tensor& tensor) {
  const std::size_t rows = row_count(tensor.spec);
  const std::size_t length = tensor.values.size() / rows;
  std::vector<float> scales;
  std::vector<std::int8_t> levels;
  levels.reserve(tensor.values.size());
  for (std::size_t r = 0; r < rows; ++r) {
    const auto row = std::span(tensor.values).subspan(r * length, length);
    scales.push_back(scale_of(row));
    require(std::isfinite(scales.back() * kLevels),
            fmt::format("{} holds a value too large to be sent as int8", tensor.spec.name));
    for (const float value : row) levels.push_back(level_of(value, scales.back()));
  }
  return {number_bytes(levels), number_bytes(scales)};
}

CodedTensor encode_halves(const nn::Tensor& tensor) {
  std::vector<std::uint16_t> halves;
  halves.reserve(tensor.values.size());
  for (const float value : tensor.values) {
    halves.push_back(to_half(value));
    require(std::isfinite(from_half(halves.back())),
            fmt::format("{} holds {}, too large to be sent as binary16", tensor.spec.name, value));
  }
  return {number_bytes(halves), {}};
}

std::vector<float> decode_halves(ByteView bytes, std::size_t count, const std::string& what) {
  std::vector<float> values;
  values.reserve(count);
  for (const std::uint16_t half : numbers_of<std::uint16_t>(bytes, count, what)) values.push_back(from_half(half));
  return values;
}

std::vector<float> decode_rows(ByteView bytes, ByteView scale_bytes, const nn::TensorSpec& spec,
                               const std::string& what) {
  const std::size_t rows = row_count(spec);
  const std::size_t length = spec.size() / rows;
  const auto scales = numbers_of<float>(scale_bytes, rows, what + " has the scales of its rows");
  const auto levels = numbers_of<std::int8_t>(bytes, spec.size(), what + " comes");
  require(std::ranges::all_of(scales, [](float scale) { return std::isfinite(scale) && scale >= 0; }),
          what + " has a scale that is negative or not finite");
  require(std::ranges::none_of(levels, [](std::int8_t level) { return level < -kLevels; }),
          what + " holds -128; expected -127 to 127");
  std::vector<float> values;
  values.reserve(levels.size());
  for (std::size_t i = 0; i < levels.size(); ++i) values.push_back(scales[i / length] * static_cast<float>(levels[i]));
  return values;
}

}  // namespace

CodedTensor encode_tensor(const nn::Tensor& tensor, Encoding encoding) {
  if (has_scales(tensor.spec, encoding)) return encode_rows(tensor);
  if (encoding == Encoding::kFloat16) return encode_halves(tensor);
  return {number_bytes(tensor.values), {}};
}

nn::Tensor decode_tensor(ByteView values, ByteView scales, const nn::TensorSpec& spec, Encoding encoding,
                         const std::string& what) {
  nn::Tensor tensor{spec, {}};
  if (has_scales(spec, encoding)) {
    tensor.values = decode_rows(values, scales, spec, what);
  } else {
    require(scales.empty(), what + " has scales, which its encoding has no use for");
    tensor.values = encoding == Encoding::kFloat16 ? decode_halves(values, spec.size(), what + " comes")
                                                   : numbers_of<float>(values, spec.size(), what + " comes");
  }
  require(std::ranges::all_of(tensor.values, [](float value) { return std::isfinite(value); }),
          what + " has a value that is not finite");
  return tensor;
}

}  // namespace outrider::averaging
