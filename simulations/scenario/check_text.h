// What `simulate --check` says of a scenario.
#pragma once

#include <string>

#include <fmt/format.h>

namespace outrider::simulations {

// "1 task", "5 tasks".
inline std::string counted(std::size_t count, const std::string& one, const std::string& many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace outrider::simulations
