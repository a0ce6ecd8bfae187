// Text that goes into HTML or SVG.
#pragma once

#include <string>
#include <string_view>

namespace outrider::simulations {

// The text as content or as a quoted attribute: it shows what it says and is never markup, whoever wrote it. Bytes that
// are no UTF-8 and characters that XML does not allow become U+FFFD, line breaks and tabs become spaces.
std::string escaped(std::string_view text);

}  // namespace outrider::simulations
