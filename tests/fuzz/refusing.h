// What a fuzz target is about: a reader of bytes that nobody vouches for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "knowledge/bytes.h"
#include "knowledge/error.h"
#include "knowledge/utf8.h"

namespace outrider::fuzz {

// Ends the run as a finding unless it holds; assert() would be left out of builds without assertions.
inline void must(bool holds, std::string_view promise) {
  if (holds) return;
  std::cerr << "broken: " << promise << '\n';
  std::abort();
}

// Calls read(). It may refuse with InputError, a sentence that can be shown; anything else that it throws is a finding.
// Returns whether it did not refuse.
template <typename Read>
bool refusing(Read&& read) {
  try {
    read();
    return true;
  } catch (const InputError& error) {
    const std::string sentence = error.what();
    must(!sentence.empty(), "a refusal says why");
    return false;
  }
}

}  // namespace outrider::fuzz
