// How many parts are on their way at a time, and how long to wait for an answer.
#pragma once

#include <algorithm>
#include <cstdint>

#include "knowledge/instant.h"

namespace outrider::client {

// A value. More parts where answers are quick, fewer where they are slow, so that on a slow link nothing else waits
// behind them for long and nothing is given up for lost that is only late.
class TransferPace {
 public:
  TransferPace(Instant first_retry, Instant longest_retry) : first_(first_retry), longest_(longest_retry) {}

  std::uint32_t window() const { return window_; }
  Instant patience() const {
    const Instant usual = 3 * typical_;
    return std::min(std::max(first_, usual) * (1 << std::min(stalls_, 16)), std::max(longest_, usual));
  }

  // An answer came after so long.
  void answered(Instant took) {
    typical_ = typical_ == Instant{0} ? took : (7 * typical_ + took) / 8;
    stalls_ = 0;
    if (took <= kQuick) window_ = std::min(window_ + 1, kMostParts);
    if (took >= kSlow) window_ = std::max(window_ / 2, 1U);
  }
  // Patience was at an end.
  void stalled() {
    ++stalls_;
    window_ = std::max(window_ / 2, 1U);
  }

 private:
  static constexpr std::uint32_t kMostParts = 8;
  static constexpr Instant kQuick{500};
  static constexpr Instant kSlow{4'000};

  Instant first_;
  Instant longest_;
  Instant typical_{0};
  int stalls_ = 0;
  std::uint32_t window_ = 2;
};

}  // namespace outrider::client
