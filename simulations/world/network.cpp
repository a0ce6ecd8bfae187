#include "simulations/world/network.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

#include "learners/random.h"

namespace outrider::simulations {
namespace {

constexpr double kMillisecondsPerHour = 3'600'000;

// In units of the draw's median.
double heavy_tailed(Delay delay, Random& dice) {
  const double u = std::max(1e-7, 1.0 - static_cast<double>(dice.uniform()));  // in (0, 1]
  switch (delay) {
    case Delay::exponential:
      return -std::log(u) / std::numbers::ln2;
    case Delay::lognormal:
      return std::exp(static_cast<double>(dice.normal()));
    case Delay::pareto:  // Lomax with a tail index of 1.5: finite mean, no variance
      return (std::pow(u, -1 / 1.5) - 1) / (std::pow(2.0, 1 / 1.5) - 1);
    case Delay::uniform:
      break;
  }
  assert(false);
  return 0;
}

Instant draw_delay(const Weather& weather, Random& dice) {
  const auto range = static_cast<double>((weather.longest - weather.shortest).count());
  if (range <= 0) return weather.shortest;
  if (weather.delay == Delay::uniform)
    return weather.shortest + Instant(dice.below(static_cast<std::uint32_t>(range) + 1));
  const double extra = std::min(range, range / 10 * heavy_tailed(weather.delay, dice));
  return weather.shortest + Instant(static_cast<std::int64_t>(extra));
}

}  // namespace

Instant poisson_gap(double per_hour, float u) {
  if (per_hour <= 0) return kNever;
  const double gap = -std::log(std::max(1e-7, 1.0 - static_cast<double>(u))) * kMillisecondsPerHour / per_hour;
  return Instant(1 + static_cast<std::int64_t>(std::min(gap, 1e12)));
}

Network::Network(std::uint64_t seed, Weather weather) : seed_(seed), weather_(weather) {
  weather_.shortest = std::max(weather_.shortest, Instant{1});
  weather_.longest = std::max(weather_.longest, weather_.shortest);
}

Network::Fate Network::fate(std::uint32_t client, Direction direction, std::uint32_t number, Instant now) {
  Fate fate;
  if (is_cut_off(client, now)) return fate;
  Random dice(seed_, direction == Direction::to_aggregator ? "fate to the aggregator" : "fate to the client", client,
              number);
  const std::size_t copies = static_cast<double>(dice.uniform()) < weather_.duplication ? 2 : 1;
  for (std::size_t copy = 0; copy < copies; ++copy) {
    const Instant delay = draw_delay(weather_, dice);
    if (static_cast<double>(dice.uniform()) >= weather_.loss) fate.arrivals[fate.copies++] = now + delay;
  }
  return fate;
}

bool Network::is_cut_off(std::uint32_t client, Instant now) {
  if (weather_.partitions_per_hour <= 0) return false;
  while (partitions_.empty() || partitions_.back() <= now) {
    Random dice(seed_, "when partitions begin", partitions_.size());
    const Instant last = partitions_.empty() ? Instant{0} : partitions_.back();
    partitions_.push_back(last + poisson_gap(weather_.partitions_per_hour, dice.uniform()));
  }
  // Those that may still last: begun no longer ago than a partition takes.
  const auto first = std::ranges::upper_bound(partitions_, now - weather_.partition_length);
  for (auto begin = first; begin != partitions_.end() && *begin <= now; ++begin) {
    Random dice(seed_, "who is cut off", client, static_cast<std::uint64_t>(begin - partitions_.begin()));
    if (static_cast<double>(dice.uniform()) < weather_.partition_share) return true;
  }
  return false;
}

}  // namespace outrider::simulations
