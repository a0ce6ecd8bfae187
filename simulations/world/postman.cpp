#include "simulations/world/postman.h"

#include <algorithm>
#include <cmath>

namespace outrider::simulations {

void Postman::send(std::uint32_t client, Direction direction, Link& link, const Bytes& message, Instant now) {
  const double rate = options_.traits_of(client).bytes_per_second;
  const Instant takes{rate > 0 ? static_cast<Instant::rep>(std::ceil(1000 * static_cast<double>(message.size()) / rate))
                               : 0};
  link.free = std::max(link.free, now) + takes;
  link.bytes += message.size();
  const std::uint32_t number = link.sent++;
  const bool calm = now >= options_.mission_end();
  Network::Fate fate = (calm ? fair_ : network_).fate(client, direction, number, link.free);
  if (loses_ && loses_(client, direction, message)) fate.copies = 0;
  if (fate.copies == 0) ++lost_;
  const std::uint32_t node = direction == Direction::to_aggregator ? kAggregatorNode : client;
  for (std::size_t copy = 0; copy < fate.copies; ++copy)
    deliver_({fate.arrivals[copy], node, EventKind::packet,
              order_of(client, 2 * number + static_cast<std::uint32_t>(copy)), message});
}

}  // namespace outrider::simulations
