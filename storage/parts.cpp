#include "storage/parts.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "knowledge/error.h"

namespace outrider {
namespace {

constexpr std::size_t kNumber = sizeof(std::uint64_t);

Bytes prefix_of(const Large& large) {
  Bytes key(1 + Digest::kSize);
  key[0] = static_cast<std::uint8_t>(large.owner);
  std::ranges::copy(large.name.bytes, key.begin() + 1);
  return key;
}

}  // namespace

// owner | name | bytes | part bytes
Bytes encode(const Large& large) {
  return key_of(key_of(prefix_of(large), large.bytes), large.part_bytes);
}

Large decode_large(ByteView bytes) {
  if (bytes.size() != 1 + Digest::kSize + 2 * kNumber)
    throw InputError("the record of something large has " + std::to_string(bytes.size()) + " bytes, not " +
                     std::to_string(1 + Digest::kSize + 2 * kNumber));
  const Large large{static_cast<PartsOwner>(bytes[0]), Digest::from_bytes(bytes.subspan(1, Digest::kSize)),
                    number_in_key(bytes, 1 + Digest::kSize), number_in_key(bytes, 1 + Digest::kSize + kNumber)};
  require(large.part_bytes > 0, "the record of something large says that its parts are empty");
  return large;
}

Bytes part_key(const Large& large, std::uint64_t part) {
  return key_of(prefix_of(large), part);
}

void put_part(const Large& large, std::uint64_t part, Bytes content, WriteSet& writes) {
  assert(content.size() == large.size_of(part));
  writes.put(Column::parts, part_key(large, part), std::move(content));
}

void put_parts(const Large& large, ByteView content, WriteSet& writes) {
  assert(content.size() == large.bytes);
  for (std::uint64_t part = 0; part < large.parts(); ++part)
    put_part(large, part, to_bytes(content.subspan(part * large.part_bytes, large.size_of(part))), writes);
}

void erase_parts(const Large& large, WriteSet& writes) {
  for (std::uint64_t part = 0; part < large.parts(); ++part) writes.erase(Column::parts, part_key(large, part));
}

bool is_whole(const Store& store, const Large& large) {
  for (std::uint64_t part = 0; part < large.parts(); ++part) {
    const auto piece = store.get(Column::parts, part_key(large, part));
    if (!piece || piece->size() != large.size_of(part)) return false;
  }
  return true;
}

std::optional<Bytes> load(const Store& store, const Large& large) {
  return load(store, large, 0, large.bytes);
}

std::optional<Bytes> load(const Store& store, const Large& large, std::uint64_t offset, std::uint64_t length) {
  const std::uint64_t begin = std::min(offset, large.bytes);
  const std::uint64_t end = begin + std::min(length, large.bytes - begin);
  Bytes content;
  if (begin == end) return content;
  // The last one first: what is on its way lacks it, and then nothing need be read.
  if (!store.get(Column::parts, part_key(large, (end - 1) / large.part_bytes))) return std::nullopt;
  content.reserve(end - begin);
  for (std::uint64_t part = begin / large.part_bytes; part * large.part_bytes < end; ++part) {
    const auto piece = store.get(Column::parts, part_key(large, part));
    if (!piece || piece->size() != large.size_of(part)) return std::nullopt;
    const std::uint64_t start = part * large.part_bytes;
    const std::uint64_t from = std::max(begin, start) - start;
    const std::uint64_t to = std::min(end - start, large.size_of(part));
    content.insert(content.end(), piece->begin() + static_cast<std::ptrdiff_t>(from),
                   piece->begin() + static_cast<std::ptrdiff_t>(to));
  }
  return content;
}

}  // namespace outrider
