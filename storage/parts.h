// Large values in parts, so that none has to be written, sent or read at once.
#pragma once

#include <cstdint>
#include <optional>

#include "knowledge/digest.h"
#include "storage/store.h"

namespace outrider {

// Whose parts they are. Each owner erases his own, so that equal content of two owners is kept twice.
enum class PartsOwner : std::uint8_t {
  contribution = 'c',  // at the aggregator by the contribution's id, at a client by the payload's digest
  knowledge = 'k',     // at a client: merged knowledge
  definition = 'd',    // at a client: an encoder or base network that is on its way
};

// Where something large lies: in the column "parts", under its owner and name, each part of `part_bytes` but the last.
// A value; how much of it is there already is its owner's to know.
struct Large {
  PartsOwner owner{};
  Digest name;
  std::uint64_t bytes = 0;
  std::uint64_t part_bytes = 1;

  bool operator==(const Large&) const = default;
  std::uint64_t parts() const { return (bytes + part_bytes - 1) / part_bytes; }
  // Of the part with this number.
  std::uint64_t size_of(std::uint64_t part) const {
    return part + 1 < parts() ? part_bytes : bytes - part * part_bytes;
  }
};

Bytes encode(const Large& large);
// Throws InputError when the bytes are no such record.
Large decode_large(ByteView bytes);

Bytes part_key(const Large& large, std::uint64_t part);
void put_part(const Large& large, std::uint64_t part, Bytes content, WriteSet& writes);
// All of it. Pre: content has large.bytes.
void put_parts(const Large& large, ByteView content, WriteSet& writes);
// Whether they are there or not; costs work in their number.
void erase_parts(const Large& large, WriteSet& writes);

// The whole content; nothing when a part is missing.
std::optional<Bytes> load(const Store& store, const Large& large);
// Whether no part is missing or of another size; reads them all, and keeps none.
bool is_whole(const Store& store, const Large& large);
// `length` bytes from `offset` on, cut where it ends; nothing when a part is missing.
std::optional<Bytes> load(const Store& store, const Large& large, std::uint64_t offset, std::uint64_t length);

}  // namespace outrider
