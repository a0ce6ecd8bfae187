// How many columns of a terminal a text takes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace outrider::simulations {

// Of UTF-8: combining marks take no column, East Asian wide characters and emoji take two, everything else one; so does
// each byte that is no UTF-8. Control characters count as one.
std::size_t display_width(std::string_view text);

// The longest start of the text that takes at most `columns`; cuts between characters.
std::string_view fit(std::string_view text, std::size_t columns);

// The text and as many spaces as bring it to `columns`; a longer text stays as it is.
std::string pad_right(std::string_view text, std::size_t columns);
std::string pad_left(std::string_view text, std::size_t columns);

}  // namespace outrider::simulations
