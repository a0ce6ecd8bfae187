// A network that misbehaves by a seed. What happens to a message depends on the seed, its link and its number alone, so
// it is the same in whatever order, thread or process messages are looked at.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "knowledge/instant.h"

namespace outrider::simulations {

enum class Delay : std::uint8_t { uniform, exponential, lognormal, pareto };

struct Weather {
  double loss = 0;         // chances, drawn for each message
  double duplication = 0;  // likewise
  Delay delay = Delay::uniform;
  // Delays lie between the two, at least a millisecond. Uniform: evenly. The others: the shortest plus a draw whose
  // median is a tenth of the way to the longest, where it is cut. Messages with different delays overtake each other.
  Instant shortest{1};
  Instant longest{1};
  double partitions_per_hour = 0;  // a Poisson process
  Instant partition_length{0};
  double partition_share = 0;  // of the clients, drawn anew for each partition
};

enum class Direction : std::uint8_t { to_aggregator, to_client };

class Network {
 public:
  Network(std::uint64_t seed, Weather weather);

  // When the copies of a message arrive.
  struct Fate {
    std::array<Instant, 2> arrivals{};
    std::size_t copies = 0;  // 0: it is lost

    std::size_t size() const { return copies; }
    const Instant* begin() const { return arrivals.data(); }
    const Instant* end() const { return arrivals.data() + copies; }
  };
  // Of the `number`th message that goes this way between the client and the aggregator, leaving at `now`.
  Fate fate(std::uint32_t client, Direction direction, std::uint32_t number, Instant now);

  // No message takes less.
  Instant shortest_delay() const { return weather_.shortest; }

 private:
  bool is_cut_off(std::uint32_t client, Instant now);

  std::uint64_t seed_;
  Weather weather_;
  std::vector<Instant> partitions_;  // when they begin; extended as time goes on
};

// The gap to the next event of a Poisson process, for u uniform in [0, 1); kNever where the rate is not positive.
Instant poisson_gap(double per_hour, float u);

}  // namespace outrider::simulations
