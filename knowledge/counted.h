// Numbers of things in sentences.
#pragma once

#include <cstdint>
#include <string>

namespace outrider {

// "1 class", "5 classes".
inline std::string counted(std::uint64_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}
// "1 task", "5 tasks".
inline std::string counted(std::uint64_t count, const std::string& one) {
  return counted(count, one, one + "s");
}

}  // namespace outrider
