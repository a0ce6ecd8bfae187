#include "knowledge/utf8.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

#include <utf8proc.h>

#include "knowledge/error.h"

namespace outrider::utf8 {
namespace {

constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

bool is_control(char32_t character) {
  return character < 0x20 || character == 0x7F;
}

template <typename... Values>
std::string formatted(const char* format, Values... values) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, values...);
  return buffer.data();
}

// Whether it shows as itself and nothing else: not what controls, breaks or reorders lines, and nothing unassigned.
bool shows(char32_t character) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(character))) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return character == 0x200C || character == 0x200D;  // the joiners, which Persian and emoji are written with
    default:
      return true;
  }
}

std::string escaped(char32_t character) {
  switch (character) {
    case '\n':
      return "\\n";
    case '\t':
      return "\\t";
    case '\r':
      return "\\r";
    case '\\':
      return "\\\\";
    default:
      return character < 0x80 ? formatted("\\x%02X", static_cast<unsigned>(character))
                              : formatted("\\u{%X}", static_cast<unsigned>(character));
  }
}

}  // namespace

std::optional<Character> first(std::string_view text) {
  if (text.empty()) return std::nullopt;
  utf8proc_int32_t character = -1;
  const auto length = static_cast<utf8proc_ssize_t>(std::min<std::size_t>(text.size(), 4));
  const auto taken = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), length, &character);
  if (taken <= 0 || character < 0) return std::nullopt;
  return Character{static_cast<char32_t>(character), static_cast<std::size_t>(taken)};
}

std::size_t columns(char32_t character) {
  return static_cast<std::size_t>(std::clamp(utf8proc_charwidth(static_cast<utf8proc_int32_t>(character)), 0, 2));
}

std::string_view cut(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  std::size_t end = 0;
  while (end < text.size()) {
    const auto character = first(text.substr(end));
    const std::size_t taken = character ? character->bytes : 1;
    if (end + taken > bytes) break;
    end += taken;
  }
  return text.substr(0, end);
}

std::optional<std::string> objection(std::string_view text, std::size_t most_bytes) {
  if (text.size() > most_bytes)
    return "has " + std::to_string(text.size()) + " bytes; at most " + std::to_string(most_bytes) + " fit";
  for (std::size_t at = 0; at < text.size();) {
    const auto character = first(text.substr(at));
    if (!character) return "is not UTF-8 at byte " + std::to_string(at);
    if (is_control(character->value)) return "has a control character at byte " + std::to_string(at);
    at += character->bytes;
  }
  return std::nullopt;
}

void check(std::string_view what, std::string_view text, std::size_t most_bytes) {
  if (const auto reason = objection(text, most_bytes)) throw InputError(std::string(what) + " " + *reason);
}

std::string printable(std::string_view text, std::size_t most_bytes) {
  std::string shown;
  std::size_t last_fit = 0;  // where an ellipsis may follow
  while (!text.empty()) {
    const auto character = first(text);
    if (!character) {
      shown += formatted("\\x%02X", static_cast<unsigned>(static_cast<std::uint8_t>(text.front())));
    } else if (character->value == '\\' || !shows(character->value)) {
      shown += escaped(character->value);
    } else {
      shown += text.substr(0, character->bytes);
    }
    if (shown.size() > most_bytes) {
      shown.resize(last_fit);
      if (kEllipsis.size() <= most_bytes) shown += kEllipsis;
      return shown;
    }
    if (shown.size() + kEllipsis.size() <= most_bytes) last_fit = shown.size();
    text.remove_prefix(character ? character->bytes : 1);
  }
  return shown;
}

std::string quoted(std::string_view text, std::size_t most_bytes) {
  return "'" + printable(text, most_bytes) + "'";
}

}  // namespace outrider::utf8
