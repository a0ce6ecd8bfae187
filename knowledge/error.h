// The one exception for bad input: a file, a message, a configuration or an argument.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>

namespace outrider {

// what() is one sentence for the user: it names the thing and what was expected. Programmer errors assert instead.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline void require(bool holds, const std::string& sentence) {
  if (!holds) throw InputError(sentence);
}

// What is wrong according to check(), which throws InputError; nothing if it does not.
template <typename Check>
std::optional<std::string> objection_of(Check&& check) {
  try {
    check();
    return std::nullopt;
  } catch (const InputError& error) {
    return error.what();
  }
}

}  // namespace outrider
