// Content addresses: the BLAKE2b-256 hash of a byte string is its name.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "knowledge/bytes.h"

namespace outrider {

// A value; equal digests mean equal content. The default is "no content" (all zero) and is never the hash of anything.
struct Digest {
  static constexpr std::size_t kSize = 32;
  std::array<std::uint8_t, kSize> bytes{};

  auto operator<=>(const Digest&) const = default;
  bool empty() const { return *this == Digest{}; }
  std::string hex() const;
  // The first eight hex digits, for people.
  std::string brief() const { return hex().substr(0, 8); }
  ByteView view() const { return bytes; }

  // Throws InputError unless `raw` has exactly 32 bytes (`text`: 64 hex digits).
  static Digest from_bytes(ByteView raw);
  static Digest from_hex(std::string_view text);
  static Digest of(ByteView content);
};

// Hashes a sequence of fields. Each field's length is hashed before it, so that ("ab","c") and ("a","bc") differ.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  Hasher& field(ByteView content);
  Hasher& field(std::string_view text) { return field(bytes_of(text)); }
  Hasher& field(std::uint64_t number);
  // A field of `size` bytes whose content follows in calls of more(): together as one field(content).
  Hasher& begin_field(std::uint64_t size) { return field(size); }
  Hasher& more(ByteView content);
  // Call once, last.
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Digest::of a content that comes piece by piece.
class ContentHasher {
 public:
  ContentHasher();
  ~ContentHasher();
  ContentHasher(ContentHasher&&) noexcept;
  ContentHasher& operator=(ContentHasher&&) noexcept;

  void add(ByteView piece);
  // Call once, last.
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string to_hex(ByteView bytes);
// Throws InputError on an odd length or a character that is no hex digit.
Bytes from_hex(std::string_view text);

}  // namespace outrider
