// What may name a class or a task. A name becomes the subject of contributions and a word in everybody's answers and
// reports, so it is checked where it enters: in a folder, a file, a definition, a record.
#pragma once

#include <cstddef>
#include <string_view>

namespace outrider {

inline constexpr std::size_t kMaxNameBytes = 255;  // as a folder's

// Throws InputError, which starts with `what`, unless the name has 1 to kMaxNameBytes, is UTF-8 and has no control
// characters.
void check_name(std::string_view what, std::string_view name);

}  // namespace outrider
