#include "protocol/rate_limited_log.h"

#include <spdlog/spdlog.h>

namespace outrider::protocol {

void RateLimitedLog::warn(std::string_view line) {
  const auto now = std::chrono::steady_clock::now();
  if (last_ && now - *last_ < interval_) {
    ++left_out_;
    return;
  }
  if (left_out_ == 0)
    spdlog::warn("{}", line);
  else
    spdlog::warn("{} ({} such lines left out before)", line, left_out_);
  last_ = now;
  left_out_ = 0;
}

}  // namespace outrider::protocol
