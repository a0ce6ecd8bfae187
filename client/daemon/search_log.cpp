#include "client/daemon/search_log.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace outrider::client {
namespace {

constexpr Instant kFirstPause{10'000};
constexpr Instant kLongestPause{3'600'000};
constexpr Instant kBetweenReasons{1'000};

}  // namespace

std::optional<std::string> SearchLog::failed(const std::string& reason, Instant now) {
  const bool first = !since_;
  if (first) {
    since_ = now;
    pause_ = kFirstPause;
  } else {
    const Instant due = reason == reason_ ? pause_ : std::max(pause_ / 8, kBetweenReasons);
    if (now - said_ < due) return std::nullopt;
    pause_ = std::min(2 * pause_, kLongestPause);
  }
  said_ = now;
  reason_ = reason;
  if (first) return fmt::format("finds no aggregator at {} and goes on looking: {}", whom_, reason);
  return fmt::format("still looking for {} after {} s: {}", whom_, (now - *since_).count() / 1000, reason);
}

}  // namespace outrider::client
