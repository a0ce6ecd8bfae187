// When to try again: twice as long after each attempt, with jitter so that clients do not return in step.
#pragma once

#include <algorithm>

#include "knowledge/instant.h"
#include "learners/random.h"

namespace outrider::client {

// A value; due at once until the first attempt.
class Backoff {
 public:
  Backoff(Instant first, Instant longest) : first_(first), longest_(longest) {}

  Instant due() const { return due_; }
  bool is_due(Instant now) const { return now >= due_; }

  // An attempt was made: the next is due after 50 to 100 % of the current delay.
  void attempted(Instant now, Random& jitter) {
    const Instant delay = std::min(longest_, first_ * (1 << std::min(attempts_++, 16)));
    due_ = now + delay / 2 + Instant(static_cast<long>(jitter.uniform() * static_cast<float>(delay.count()) / 2));
  }
  // Something may have changed: due within the first delay from now, at the latest, and patient from then on.
  void hurry(Instant now, Random& jitter) {
    attempts_ = 0;
    const Instant delay(1 + static_cast<long>(jitter.uniform() * static_cast<float>(first_.count() - 1)));
    due_ = std::min(due_, now + delay);
  }
  // Due after `pause`, and patient from then on.
  void reset_due_after(Instant now, Instant pause) {
    attempts_ = 0;
    due_ = now + pause;
  }
  // There was progress: due at once, and patient from the start.
  void reset() {
    attempts_ = 0;
    due_ = Instant::min();
  }

 private:
  Instant first_;
  Instant longest_;
  Instant due_ = Instant::min();
  int attempts_ = 0;
};

}  // namespace outrider::client
