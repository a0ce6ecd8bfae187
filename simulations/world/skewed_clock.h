// A device's clock: it starts anywhere at each start of the device, and runs a little too fast or too slow.
#pragma once

#include "knowledge/instant.h"

namespace outrider::simulations {

class SkewedClock {
 public:
  SkewedClock() = default;
  // It showed `base` when the world's clock showed `start`; `rate` is 1 for one that goes right, and positive.
  SkewedClock(Instant start, Instant base, double rate) : start_(start), base_(base), rate_(rate) {}

  // What it shows at `now`, which is not before the start.
  Instant local(Instant now) const {
    return base_ + Instant(static_cast<Instant::rep>(static_cast<double>((now - start_).count()) * rate_));
  }
  // The first moment at which it shows `local` or more, not before `now`.
  Instant world(Instant wanted, Instant now) const {
    if (wanted == kNever) return kNever;
    if (wanted <= local(now)) return now;
    Instant guess = start_ + Instant(static_cast<Instant::rep>(static_cast<double>((wanted - base_).count()) / rate_));
    while (local(guess) < wanted) guess += Instant{1};
    return guess;
  }

 private:
  Instant start_{0};
  Instant base_{0};
  double rate_ = 1;
};

}  // namespace outrider::simulations
