#include "storage/store.h"

#include <array>
#include <cassert>
#include <iterator>

#include "knowledge/error.h"

namespace outrider {

std::string_view name(Column column) {
  static constexpr std::array<std::string_view, kColumns> kNames = {"contributions", "revisions", "blobs", "clients",
                                                                    "replica",       "meta",      "parts"};
  const auto index = static_cast<std::size_t>(column);
  assert(index < kColumns);
  return kNames[index];
}

void WriteSet::append(WriteSet other) {
  operations.insert(operations.end(), std::make_move_iterator(other.operations.begin()),
                    std::make_move_iterator(other.operations.end()));
}

Bytes key_of(std::uint64_t number) {
  return key_of(ByteView{}, number);
}

Bytes key_of(ByteView prefix, std::uint64_t number) {
  Bytes key;
  key.reserve(prefix.size() + sizeof(number));
  key.assign(prefix.begin(), prefix.end());
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<std::uint8_t>(number >> shift));
  return key;
}

std::uint64_t number_in_key(ByteView key, std::size_t offset) {
  if (offset > key.size() || key.size() - offset < sizeof(std::uint64_t))
    throw InputError("a stored key of " + std::to_string(key.size()) + " bytes was expected to hold an 8-byte number " +
                     "from byte " + std::to_string(offset) + " on");
  std::uint64_t number = 0;
  for (const std::uint8_t byte : key.subspan(offset, sizeof(number))) number = number << 8 | byte;
  return number;
}

}  // namespace outrider
