// What must hold in every build. A broken one is a mistake of ours: the program stops with a sentence before anything
// of it is written, and what is durable stays as it was.
#pragma once

#include <stdexcept>
#include <string_view>

namespace outrider {

class BrokenInvariant : public std::logic_error {
 public:
  BrokenInvariant(std::string_view sentence, std::string_view file, int line);
};

// `sentence` says what should hold. Costs a comparison where it does. Input that may be wrong is for require().
// The place is the caller's; not by std::source_location, which clang 14 has not.
inline void invariant(bool holds, std::string_view sentence, const char* file = __builtin_FILE(),
                      int line = __builtin_LINE()) {
  if (!holds) [[unlikely]]
    throw BrokenInvariant(sentence, file, line);
}

}  // namespace outrider
