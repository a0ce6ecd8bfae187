// Carries events from node to node: what the network does to packets, and which nodes live elsewhere.
#pragma once

#include <functional>
#include <vector>

#include "simulations/world/event_queue.h"
#include "simulations/world/world_options.h"

namespace outrider::simulations {

// One direction of a client's link, at the end that sends.
struct Link {
  std::uint32_t sent = 0;  // messages
  std::uint64_t bytes = 0;
  Instant free{};  // when the last message has left
};

class Postman {
 public:
  using Deliver = std::function<void(Event)>;

  // `deliver` gets every event that is to happen, at whatever node.
  Postman(const WorldOptions& options, Deliver deliver)
      : options_(options),
        network_(options.seed, options.weather),
        fair_(options.seed, Weather{.shortest = options.weather.shortest, .longest = options.weather.shortest}),
        deliver_(std::move(deliver)) {}

  void schedule(Event event) { deliver_(std::move(event)); }
  void send(std::uint32_t client, Direction direction, Link& link, const Bytes& message, Instant now);

  // Besides those that the weather takes: the messages of which this is true. For scripts.
  using Loses = std::function<bool(std::uint32_t client, Direction direction, ByteView message)>;
  void lose_where(Loses loses) { loses_ = std::move(loses); }

  std::uint64_t lost() const { return lost_; }

 private:
  const WorldOptions& options_;
  Network network_;
  Network fair_;  // after the mission
  Deliver deliver_;
  Loses loses_;
  std::uint64_t lost_ = 0;
};

}  // namespace outrider::simulations
