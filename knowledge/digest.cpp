#include "knowledge/digest.h"

#include <algorithm>

#include <sodium.h>

#include "knowledge/error.h"

namespace outrider {

struct Hasher::State {
  crypto_generichash_state hash;
};

Hasher::Hasher() : state_(std::make_unique<State>()) {
  crypto_generichash_init(&state_->hash, nullptr, 0, Digest::kSize);
}

Hasher::~Hasher() = default;

Hasher& Hasher::field(ByteView content) {
  field(static_cast<std::uint64_t>(content.size()));
  crypto_generichash_update(&state_->hash, content.data(), content.size());
  return *this;
}

Hasher& Hasher::field(std::uint64_t number) {
  std::array<std::uint8_t, 8> little_endian{};
  for (std::size_t i = 0; i < 8; ++i) little_endian[i] = static_cast<std::uint8_t>(number >> (8 * i));
  crypto_generichash_update(&state_->hash, little_endian.data(), little_endian.size());
  return *this;
}

Hasher& Hasher::more(ByteView content) {
  crypto_generichash_update(&state_->hash, content.data(), content.size());
  return *this;
}

Digest Hasher::finish() {
  Digest digest;
  crypto_generichash_final(&state_->hash, digest.bytes.data(), digest.bytes.size());
  return digest;
}

struct ContentHasher::State {
  crypto_generichash_state hash;
};

ContentHasher::ContentHasher() : state_(std::make_unique<State>()) {
  crypto_generichash_init(&state_->hash, nullptr, 0, Digest::kSize);
}

ContentHasher::~ContentHasher() = default;
ContentHasher::ContentHasher(ContentHasher&&) noexcept = default;
ContentHasher& ContentHasher::operator=(ContentHasher&&) noexcept = default;

void ContentHasher::add(ByteView piece) {
  crypto_generichash_update(&state_->hash, piece.data(), piece.size());
}

Digest ContentHasher::finish() {
  Digest digest;
  crypto_generichash_final(&state_->hash, digest.bytes.data(), digest.bytes.size());
  return digest;
}

Digest Digest::of(ByteView content) {
  Digest digest;
  crypto_generichash(digest.bytes.data(), digest.bytes.size(), content.data(), content.size(), nullptr, 0);
  return digest;
}

Digest Digest::from_bytes(ByteView raw) {
  if (raw.size() != kSize) throw InputError("a digest has 32 bytes, not " + std::to_string(raw.size()));
  Digest digest;
  std::copy(raw.begin(), raw.end(), digest.bytes.begin());
  return digest;
}

Digest Digest::from_hex(std::string_view text) {
  return from_bytes(outrider::from_hex(text));
}

std::string Digest::hex() const {
  return to_hex(bytes);
}

std::string to_hex(ByteView bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

Bytes from_hex(std::string_view text) {
  Bytes bytes(text.size() / 2);
  std::size_t written = 0;
  const char* end = nullptr;
  const bool ok = sodium_hex2bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &written, &end) == 0;
  if (!ok || written * 2 != text.size())
    throw InputError("'" + std::string(text.substr(0, 80)) + "' is not an even number of hex digits");
  return bytes;
}

}  // namespace outrider
