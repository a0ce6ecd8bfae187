#include "simulations/world/hostile_values.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace outrider::simulations {
namespace {

using namespace std::string_view_literals;

constexpr std::array kWords{
    ""sv,
    " "sv,
    "\0"sv,
    "a\0b"sv,
    "boo\nt"sv,
    "boot\r\n"sv,
    "\ttab"sv,
    "\x1b[2J\x07"sv,
    "\x7f"sv,
    "\xff\xfe"sv,          // a mark of UTF-16
    "caf\xe9"sv,           // Latin-1
    "\xc0\xaf"sv,          // overlong
    "\xed\xa0\x80"sv,      // half of a surrogate pair
    "\xf4\x90\x80\x80"sv,  // above U+10FFFF
    "\xe5\xad"sv,          // cut off in the middle
    "\xef\xbb\xbf"
    "bag"sv,  // a byte order mark
    "\xe2\x80\xae"
    "gpj.exe"sv,                                       // right to left
    "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"sv,              // Hebrew
    "\xe2\x80\xa8line\xe2\x80\xa9"sv,                  // separators of lines and paragraphs
    "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7"sv,  // joined emoji
    "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81"sv,             // piled accents
    "../../../etc/passwd"sv,
    "/dev/stdin"sv,
    "."sv,
    ".."sv,
    "con"sv,
    "%0A%00%FF%FE"sv,
    "%"sv,
    "<script>alert(1)</script>"sv,
    "]]>&lt;\"'"sv,
    "=cmd|'/C calc'!A0"sv,
    "@SUM(1+1)"sv,
    "@round 1"sv,
    "-1+1"sv,
    "'; drop table topics; --"sv,
    "{0} %s %n"sv,
    "null"sv,
    "NaN"sv,
    "\\"sv,
    "'"sv,
};
constexpr std::array<std::size_t, 9> kLengths{64, 66, 255, 256, 257, 1024, 1025, 4096, 65'536};

// As many whole characters as reach the length, so that a cut at some bound falls inside of one.
std::string long_word(std::string_view character, std::size_t bytes) {
  std::string word;
  while (word.size() < bytes) word += character;
  return word;
}

constexpr std::array<std::uint64_t, 24> kNumbers{0,
                                                 1,
                                                 2,
                                                 3,
                                                 127,
                                                 255,
                                                 256,
                                                 65'535,
                                                 65'536,
                                                 1U << 20,
                                                 0x7fffffff,
                                                 0x80000000,
                                                 0xffffffff,
                                                 0x100000000,
                                                 std::uint64_t{1} << 40,
                                                 (std::uint64_t{1} << 40) + 1,
                                                 std::uint64_t{1} << 53,
                                                 std::uint64_t{1} << 62,
                                                 0x7fffffffffffffff,
                                                 0x8000000000000000,
                                                 0x7ff8000000000000,  // a double that is no number
                                                 0x7ff0000000000000,  // infinite
                                                 0xfffffffffffffffe,
                                                 0xffffffffffffffff};

constexpr std::array<std::uint32_t, 12> kFloats{0x7fc00000,  // no number
                                                0x7f800001,  // likewise, signalling
                                                0x7f800000,  // infinite
                                                0xff800000,
                                                0x7f7fffff,  // the largest
                                                0xff7fffff,
                                                0x00000001,  // denormal
                                                0x807fffff, 0x00800000, 0x00000000, 0x80000000, 0x53800000};  // 2^40

constexpr std::array<std::size_t, 12> kSizes{0, 1, 7, 8, 15, 16, 17, 31, 32, 33, 64, 65'536};

template <typename T>
void overwrite(Bytes& bytes, T value, Random& dice) {
  if (bytes.size() < sizeof value) return;
  const std::size_t place = dice.below(static_cast<std::uint32_t>(bytes.size() / sizeof value)) * sizeof value;
  std::memcpy(bytes.data() + place, &value, sizeof value);
}

template <typename Values>
auto one_of(const Values& values, Random& dice) {
  return values[dice.below(static_cast<std::uint32_t>(values.size()))];
}

}  // namespace

std::string HostileValues::word() {
  if (!happens(0.25F)) return std::string(one_of(kWords, dice_));
  constexpr std::array kCharacters{"x"sv, "\xc3\xa9"sv, "\xe5\xad\x97"sv, "\xf0\x9f\x91\xa9"sv, "\xff"sv, "\n"sv};
  return long_word(one_of(kCharacters, dice_), one_of(kLengths, dice_));
}

std::uint64_t HostileValues::number() {
  return one_of(kNumbers, dice_);
}

std::uint32_t HostileValues::float_bits() {
  return one_of(kFloats, dice_);
}

Bytes HostileValues::bytes(std::size_t most) {
  Bytes bytes(std::min(one_of(kSizes, dice_), most));
  if (happens(0.5F))
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(dice_());
  return bytes;
}

Bytes HostileValues::bent(Bytes bytes) {
  for (std::uint32_t blows = 1 + below(3); blows > 0 && !bytes.empty(); --blows) switch (below(8)) {
      case 0:
        bytes[below(static_cast<std::uint32_t>(bytes.size()))] ^= static_cast<std::uint8_t>(1U << below(8));
        break;
      case 1:
        bytes.resize(below(static_cast<std::uint32_t>(bytes.size() / 8) + 1) * std::size_t{8});
        break;
      case 2:
        bytes.resize(bytes.size() + one_of(kSizes, dice_));
        break;
      case 3:
      case 4:
        overwrite(bytes, number(), dice_);
        break;
      default:
        overwrite(bytes, float_bits(), dice_);
    }
  return bytes;
}

}  // namespace outrider::simulations
