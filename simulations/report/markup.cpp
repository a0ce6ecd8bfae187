#include "simulations/report/markup.h"

#include "knowledge/utf8.h"

namespace outrider::simulations {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

bool may_stand_in_xml(char32_t character) {
  return character >= ' ' && character != 0x7f && character != 0xfffe && character != 0xffff;
}

// How many bytes the character at the start takes; 0 where there is none that may stand in XML.
std::size_t length_of_first(std::string_view text) {
  const auto character = utf8::first(text);
  return character && may_stand_in_xml(character->value) ? character->bytes : 0;
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
