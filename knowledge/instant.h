// Time as the cores see it: given to them, never read by them.
#pragma once

#include <chrono>

namespace outrider {

// Milliseconds since a start that means nothing; only differences do. Monotonic within one run.
using Instant = std::chrono::milliseconds;

inline constexpr Instant kNever = Instant::max();

}  // namespace outrider
