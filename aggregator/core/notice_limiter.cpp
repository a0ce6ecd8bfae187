#include "aggregator/core/notice_limiter.h"

#include <utility>

namespace outrider::aggregator {

void NoticeLimiter::filter(const ClientId& client, Instant now, std::vector<std::string>& notices) {
  std::vector<std::string> admitted;
  for (std::string& notice : notices) {
    if (!admit(client, now)) {
      ++left_out_;
      continue;
    }
    if (const std::uint64_t left_out = std::exchange(left_out_, 0); left_out > 0)
      notice += " (" + std::to_string(left_out) + " lines like this were left out before)";
    admitted.push_back(std::move(notice));
  }
  notices = std::move(admitted);
}

bool NoticeLimiter::admit(const ClientId& client, Instant now) {
  if (now - minute_ >= Instant{60'000}) {
    minute_ = now;
    said_.clear();
  }
  if (now - second_ >= Instant{1000}) {
    second_ = now;
    said_by_all_ = 0;
  }
  if (said_by_all_ >= limits_.of_all) return false;
  std::size_t& said = said_[client];
  if (said >= limits_.of_client) return false;
  ++said;
  ++said_by_all_;
  return true;
}

}  // namespace outrider::aggregator
