// What must hold in every build. A broken one is a mistake of ours: the program stops with a sentence before anything
// of it is written, and what is durable stays as it was.
#pragma once

#include <source_location>
#include <stdexcept>
#include <string_view>

namespace outrider {

class BrokenInvariant : public std::logic_error {
 public:
  BrokenInvariant(std::string_view sentence, const std::source_location& where);
};

// `sentence` says what should hold. Costs a comparison where it does. Input that may be wrong is for require().
inline void invariant(bool holds, std::string_view sentence,
                      const std::source_location& where = std::source_location::current()) {
  if (!holds) [[unlikely]]
    throw BrokenInvariant(sentence, where);
}

}  // namespace outrider
