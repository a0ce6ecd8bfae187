// Lists of numbers in messages. Internal to this folder.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <capnp/common.h>
#include <capnp/list.h>
#include <fmt/format.h>

#include "knowledge/error.h"
#include "knowledge/wire.h"

namespace outrider::growing {

static_assert(std::endian::native == std::endian::little, "numbers travel as they lie in memory");

inline ByteView bytes_of_numbers(std::span<const float> values) {
  return {reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()};
}

// Finite numbers. Throws InputError, beginning with `what`.
inline std::vector<float> read_numbers(ByteView bytes, std::size_t expected, const std::string& what) {
  require(bytes.size() == expected * sizeof(float),
          fmt::format("{} in {} bytes; expected {}", what, bytes.size(), expected * sizeof(float)));
  std::vector<float> values(expected);
  if (expected > 0) std::memcpy(values.data(), bytes.data(), bytes.size());
  require(std::ranges::all_of(values, [](float value) { return std::isfinite(value); }),
          what + " has a value that is not finite");
  return values;
}

using DataListReader = capnp::List<capnp::Data>::Reader;

// `init(count)` makes the list, `values(i)` are those of its i-th item.
template <typename Init, typename Values>
void write_number_lists(std::size_t count, const Init& init, const Values& values) {
  auto list = init(static_cast<unsigned>(count));
  for (unsigned i = 0; i < list.size(); ++i) list.set(i, wire::data(bytes_of_numbers(values(i))));
}

inline void require_count(const DataListReader& list, std::size_t expected, const std::string& what) {
  require(list.size() == expected, fmt::format("{}: there are {}; expected {}", what, list.size(), expected));
}

}  // namespace outrider::growing
