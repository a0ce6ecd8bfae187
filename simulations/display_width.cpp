#include "simulations/display_width.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace outrider::simulations {
namespace {

struct Range {
  char32_t first, last;
};

// The common ones of Unicode 15; not the whole tables.
constexpr std::array kZeroWidth{Range{0x0300, 0x036f}, Range{0x0483, 0x0489}, Range{0x0591, 0x05bd},
                                Range{0x064b, 0x065f}, Range{0x1ab0, 0x1aff}, Range{0x1dc0, 0x1dff},
                                Range{0x200b, 0x200f}, Range{0x20d0, 0x20ff}, Range{0xfe00, 0xfe0f},
                                Range{0xfe20, 0xfe2f}, Range{0xfeff, 0xfeff}};
constexpr std::array kWide{Range{0x1100, 0x115f},   Range{0x231a, 0x231b},   Range{0x23e9, 0x23ec},
                           Range{0x2e80, 0x303e},   Range{0x3041, 0x33ff},   Range{0x3400, 0x4dbf},
                           Range{0x4e00, 0x9fff},   Range{0xa000, 0xa4cf},   Range{0xac00, 0xd7a3},
                           Range{0xf900, 0xfaff},   Range{0xfe30, 0xfe4f},   Range{0xff00, 0xff60},
                           Range{0xffe0, 0xffe6},   Range{0x1f300, 0x1f64f}, Range{0x1f680, 0x1f6ff},
                           Range{0x1f900, 0x1f9ff}, Range{0x20000, 0x3fffd}};

template <std::size_t N>
bool within(char32_t character, const std::array<Range, N>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const Range& range) { return range.first <= character && character <= range.last; });
}

std::size_t width_of(char32_t character) {
  if (character < 0x300) return 1;
  if (within(character, kZeroWidth)) return 0;
  return within(character, kWide) ? 2 : 1;
}

struct Character {
  char32_t value;
  std::size_t bytes;
};

// The first character of a text that is not empty; a byte that starts no character stands for itself.
Character first_character(std::string_view text) {
  const auto lead = static_cast<std::uint8_t>(text[0]);
  const std::size_t bytes = lead >= 0xf0 && lead < 0xf8   ? 4
                            : lead >= 0xe0 && lead < 0xf0 ? 3
                            : lead >= 0xc2 && lead < 0xe0 ? 2
                                                          : 1;
  if (bytes == 1 || bytes > text.size()) return {lead, 1};
  char32_t value = lead & (0x7fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<std::uint8_t>(text[i]);
    if ((next & 0xc0) != 0x80) return {lead, 1};
    value = value << 6 | (next & 0x3fu);
  }
  return {value, bytes};
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    width += width_of(character.value);
    text.remove_prefix(character.bytes);
  }
  return width;
}

std::string_view fit(std::string_view text, std::size_t columns) {
  std::size_t width = 0, bytes = 0;
  while (bytes < text.size()) {
    const Character character = first_character(text.substr(bytes));
    width += width_of(character.value);
    if (width > columns) break;
    bytes += character.bytes;
  }
  return text.substr(0, bytes);
}

std::string pad_right(std::string_view text, std::size_t columns) {
  const std::size_t width = display_width(text);
  return std::string(text) + std::string(columns > width ? columns - width : 0, ' ');
}

std::string pad_left(std::string_view text, std::size_t columns) {
  const std::size_t width = display_width(text);
  return std::string(columns > width ? columns - width : 0, ' ') + std::string(text);
}

}  // namespace outrider::simulations
