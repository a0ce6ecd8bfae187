#include "learners/data/fingerprint.h"

#include <array>
#include <bit>
#include <fstream>

#include <sodium.h>

#include "knowledge/digest.h"
#include "knowledge/error.h"
#include "learners/data/file_tree.h"

namespace outrider {
namespace {

static_assert(std::endian::native == std::endian::little, "labels are hashed as they lie in memory");

class Sha256 {
 public:
  Sha256() { crypto_hash_sha256_init(&state_); }

  void bytes(ByteView content) { crypto_hash_sha256_update(&state_, content.data(), content.size()); }

  void number(std::uint64_t value) {
    std::array<std::uint8_t, 8> raw{};
    for (std::size_t i = 0; i < raw.size(); ++i) raw[i] = static_cast<std::uint8_t>(value >> (8 * i));
    bytes(raw);
  }

  void numbers(const std::vector<std::uint32_t>& values) {
    number(values.size());
    bytes({reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(std::uint32_t)});
  }

  void names(const std::vector<std::string>& texts) {
    number(texts.size());
    for (const std::string& text : texts) {
      number(text.size());
      bytes(bytes_of(text));
    }
  }

  std::string finish() {
    std::array<std::uint8_t, crypto_hash_sha256_BYTES> digest{};
    crypto_hash_sha256_final(&state_, digest.data());
    return to_hex(digest);
  }

 private:
  crypto_hash_sha256_state state_{};
};

}  // namespace

std::string sha256_of_file(const std::filesystem::path& path) {
  if (existing_type(path) != std::filesystem::file_type::regular)
    throw InputError(path.string() + " is no regular file");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(path.string() + " cannot be opened for reading");
  Sha256 hash;
  std::vector<std::uint8_t> buffer(1u << 20);
  while (file) {
    file.read(reinterpret_cast<char*>(buffer.data()), static_cast<std::streamsize>(buffer.size()));
    hash.bytes(ByteView(buffer).first(static_cast<std::size_t>(file.gcount())));
  }
  if (!file.eof()) throw InputError(path.string() + " cannot be read to its end");
  return hash.finish();
}

std::string sha256_of_text(std::string_view text) {
  Sha256 hash;
  hash.bytes(bytes_of(text));
  return hash.finish();
}

std::string sha256_of(const Dataset& data) {
  Sha256 hash;
  hash.number(static_cast<std::uint64_t>(data.shape.channels));
  hash.number(static_cast<std::uint64_t>(data.shape.height));
  hash.number(static_cast<std::uint64_t>(data.shape.width));
  hash.names(data.classes);
  hash.names(data.group_names);
  hash.numbers(data.labels);
  hash.numbers(data.groups);
  hash.number(data.pixels.size());
  hash.bytes(data.pixels);
  return hash.finish();
}

}  // namespace outrider
