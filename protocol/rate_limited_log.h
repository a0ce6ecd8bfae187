// Warnings about what peers do wrong. A peer must not be able to fill the disk with them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace outrider::protocol {

// Not thread-safe.
class RateLimitedLog {
 public:
  explicit RateLimitedLog(std::chrono::milliseconds interval = std::chrono::seconds(1)) : interval_(interval) {}

  // Writes the line, with the number of lines left out since the last one, unless the interval is not over yet.
  void warn(std::string_view line);
  std::uint64_t left_out() const { return left_out_; }

 private:
  std::chrono::milliseconds interval_;
  std::optional<std::chrono::steady_clock::time_point> last_;
  std::uint64_t left_out_ = 0;
};

}  // namespace outrider::protocol
