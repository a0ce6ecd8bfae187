#include "simulations/markup.h"

#include <cstdint>

namespace outrider::simulations {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

bool may_stand_in_xml(char32_t character) {
  const bool surrogate = character >= 0xd800 && character <= 0xdfff;
  return character >= ' ' && character != 0x7f && !surrogate && character != 0xfffe && character != 0xffff &&
         character <= 0x10ffff;
}

// How many bytes the character at the start takes; 0 where there is none that may stand in XML.
std::size_t length_of_first(std::string_view text) {
  const auto lead = static_cast<std::uint8_t>(text[0]);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xc2 ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 0;
  if (length == 0 || length > text.size()) return 0;
  char32_t character = length == 1 ? lead : lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<std::uint8_t>(text[i]);
    if ((next & 0xc0U) != 0x80) return 0;
    character = character << 6U | (next & 0x3fU);
  }
  const bool overlong = (length == 3 && character < 0x800) || (length == 4 && character < 0x10000);
  return overlong || !may_stand_in_xml(character) ? 0 : length;
}

std::string_view entity_of(char character) {
  switch (character) {
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '&':
      return "&amp;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    case '\n':
    case '\r':
    case '\t':
      return " ";
    default:
      return {};
  }
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::string_view entity = entity_of(text.front());
    const std::size_t length = entity.empty() ? length_of_first(text) : 1;
    result += !entity.empty() ? entity : length == 0 ? kReplacement : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return result;
}

}  // namespace outrider::simulations
