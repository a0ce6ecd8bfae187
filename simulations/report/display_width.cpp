#include "simulations/report/display_width.h"

#include "knowledge/utf8.h"

namespace outrider::simulations {
namespace {

struct Shown {
  std::size_t columns;
  std::size_t bytes;
};

// The start of a text that is not empty; a byte that starts no character stands for itself.
Shown first_shown(std::string_view text) {
  const auto character = utf8::first(text);
  if (!character) return {1, 1};
  const bool control = character->value < 0x20 || character->value == 0x7f;
  return {control ? 1 : utf8::columns(character->value), character->bytes};
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Shown character = first_shown(text);
    width += character.columns;
    text.remove_prefix(character.bytes);
  }
  return width;
}

std::string_view fit(std::string_view text, std::size_t columns) {
  std::size_t width = 0, bytes = 0;
  while (bytes < text.size()) {
    const Shown character = first_shown(text.substr(bytes));
    width += character.columns;
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
