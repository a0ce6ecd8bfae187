// The durable form of an exact sum: four numbers of 8 bytes, then the 128-bit components.
#include <algorithm>

#include "knowledge/error.h"
#include "learners/prototypical/exact_class_sum.h"

namespace outrider {
namespace {

constexpr std::size_t kHeader = 4 * sizeof(std::uint64_t);

template <typename Integer>
void put(Bytes& bytes, Integer value) {
  for (std::size_t i = 0; i < sizeof(Integer); ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

template <typename Integer>
Integer take(ByteView& bytes) {
  Integer value = 0;
  for (std::size_t i = sizeof(Integer); i-- > 0;) value = static_cast<Integer>(value << 8 | bytes[i]);
  bytes = bytes.subspan(sizeof(Integer));
  return value;
}

}  // namespace

Bytes ExactClassSum::bytes() const {
  Bytes result;
  result.reserve(kHeader + (sum_.size() + squares_.size()) * sizeof(Int128));
  put<std::uint64_t>(result, count_);
  put<std::uint64_t>(result, states_);
  put<std::uint64_t>(result, states_with_deviations_);
  put<std::uint64_t>(result, sum_.size());
  for (const Sum& component : sum_) put(result, component.quanta);
  for (const Squares& component : squares_) put(result, component.quanta);
  return result;
}

ExactClassSum ExactClassSum::from_bytes(ByteView bytes) {
  const auto refuse = [] { throw InputError("these bytes are no exact sum of class states"); };
  if (bytes.size() < kHeader) refuse();
  ExactClassSum result(0);
  result.count_ = take<std::uint64_t>(bytes);
  result.states_ = take<std::uint64_t>(bytes);
  result.states_with_deviations_ = take<std::uint64_t>(bytes);
  const auto dimension = take<std::uint64_t>(bytes);
  if (dimension > kMaxDimension || result.states_ > kMaxContributors || result.states_with_deviations_ > result.states_)
    refuse();
  const bool squares = bytes.size() != dimension * sizeof(Int128);
  if (bytes.size() != dimension * sizeof(Int128) * (squares ? 2 : 1)) refuse();
  if (!squares && result.states_with_deviations_ > 0) refuse();
  result.sum_.resize(dimension);
  for (Sum& component : result.sum_) component.quanta = take<Int128>(bytes);
  if (squares) result.squares_.resize(dimension);
  for (Squares& component : result.squares_) component.quanta = take<Int128>(bytes);
  return result;
}

}  // namespace outrider
