// Text that came from outside: whether it is UTF-8, where it may be cut, and how it is shown. The one such module: on
// utf8proc, which follows the Unicode Standard (no overlong forms, no surrogates, nothing above U+10FFFF).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace outrider::utf8 {

struct Character {
  char32_t value;
  std::size_t bytes;  // that it takes, 1 to 4
};

// The first character of a text that is not empty; nothing where it does not begin with one.
std::optional<Character> first(std::string_view text);

// The columns of a terminal that it takes: 0, 1 or 2; a control character takes none.
std::size_t columns(char32_t character);

// The longest start of the text that takes at most `bytes` and ends where a character does.
std::string_view cut(std::string_view text, std::size_t bytes);

// Why the text cannot travel or be shown, as the end of a sentence ("is not UTF-8 at byte 3"); nothing if it can: it
// has at most `most_bytes`, is UTF-8 and has no control characters, so that it can go into JSON, HTML and log lines.
std::optional<std::string> objection(std::string_view text, std::size_t most_bytes);

// Throws InputError, which starts with `what`, if there is an objection.
void check(std::string_view what, std::string_view text, std::size_t most_bytes);

// For sentences, logs and terminals, whatever the text is: characters that show stay; all others are escaped as \n,
// \xFF or \u{202E} (control characters, bytes that are no UTF-8, and what reorders or breaks lines), and so is the
// backslash. What would take more than `most_bytes` is cut and ends in "…"; the result passes check().
std::string printable(std::string_view text, std::size_t most_bytes = 200);

// printable() between single quotes.
std::string quoted(std::string_view text, std::size_t most_bytes = 200);

}  // namespace outrider::utf8
