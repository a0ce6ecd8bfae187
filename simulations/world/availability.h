// When a device is switched on, over the day.
#pragma once

#include "simulations/world/world_options.h"

namespace outrider::simulations {

inline constexpr Instant kHour{3'600'000};
inline constexpr Instant kDay = 24 * kHour;

// The first moment from `now` on at which it is.
inline Instant next_available(const Traits& traits, Instant now) {
  if (traits.available_from == traits.available_until) return now;
  const auto moment = [](double hour) { return Instant(static_cast<Instant::rep>(hour * 3'600'000)); };
  const Instant from = moment(traits.available_from);
  const Instant length = (moment(traits.available_until) - from + kDay) % kDay;
  const Instant since_opening = (now % kDay - from + kDay) % kDay;
  return since_opening < length || length == Instant{0} ? now : now + kDay - since_opening;
}

}  // namespace outrider::simulations
