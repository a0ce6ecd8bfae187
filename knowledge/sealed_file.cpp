#include "knowledge/sealed_file.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "knowledge/digest.h"
#include "knowledge/error.h"

namespace outrider {
namespace {

// As PNG's: no text, and no transfer that changes line ends or cuts bytes to seven bits leaves it as it is. Its first
// four bytes are no beginning of a Cap'n Proto message: that would have billions of segments.
constexpr std::array<std::uint8_t, 13> kMagic{0x89, 'O', 'u', 't', 'r', 'i', 'd', 'e', 'r', '\r', '\n', 0x1a, '\n'};
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeader = 16 + 8;
constexpr std::size_t kLeastOfMagic = 5;  // bytes that make a header a damaged one rather than none

void put_length(Bytes& bytes, std::uint64_t length) {
  for (int shift = 0; shift < 64; shift += 8) bytes.push_back(static_cast<std::uint8_t>(length >> shift));
}

std::uint64_t length_in(ByteView bytes) {
  std::uint64_t length = 0;
  for (std::size_t i = 8; i-- > 0;) length = length << 8 | bytes[16 + i];
  return length;
}

std::size_t agreement(ByteView bytes) {
  std::size_t same = 0;
  for (std::size_t i = 0; i < std::min(bytes.size(), kMagic.size()); ++i) same += bytes[i] == kMagic[i] ? 1 : 0;
  return same;
}

}  // namespace

Bytes seal(ByteView content) {
  Bytes bytes(kMagic.begin(), kMagic.end());
  bytes.reserve(content.size() + kSealBytes);
  bytes.insert(bytes.end(), {kVersion, 0, 0});
  put_length(bytes, content.size());
  bytes.insert(bytes.end(), content.begin(), content.end());
  const Digest digest = Digest::of(bytes);
  bytes.insert(bytes.end(), digest.bytes.begin(), digest.bytes.end());
  return bytes;
}

Unsealed unseal(ByteView bytes, const std::string& what) {
  const std::size_t same = agreement(bytes);
  if (same < kLeastOfMagic) return {bytes, false};
  require(same == kMagic.size(), what + " is damaged: its header is not as it was written");
  require(bytes.size() >= kSealBytes, what + " is truncated: it ends within its header");
  require(bytes[13] == kVersion && bytes[14] == 0 && bytes[15] == 0,
          what + " is damaged, or of a newer format than this program reads");
  const std::uint64_t length = length_in(bytes), held = bytes.size() - kSealBytes;
  require(length == held, what + " is damaged: its header promises " + std::to_string(length) + " bytes and it holds " +
                              std::to_string(held));
  const ByteView content = bytes.subspan(kHeader, held);
  require(Digest::of(bytes.first(kHeader + held)) == Digest::from_bytes(bytes.last(Digest::kSize)),
          what + " is damaged: its content does not fit its digest; make it anew or take a copy");
  return {content, true};
}

}  // namespace outrider
