// Watches who connects to the aggregator, and disconnects whom there is no room for. Only .cpp files include this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include <zmq.hpp>

#include "protocol/open_connections.h"
#include "protocol/rate_limited_log.h"

namespace outrider::protocol {

// ZeroMQ accepts whoever comes, for as long as there are descriptors, and tries without a pause when there are none.
// This hears of each connection from the socket's monitor, on a thread of its own so that it is never late, and ends
// those in excess by shutting them down: ZeroMQ then takes them for closed by the other side.
//
// A descriptor may be closed, and used anew, between what is heard of it and the shutdown, which then hits another
// connection: its client connects again. ZeroMQ reports the end before it closes a descriptor, so this is rare.
class Doorkeeper {
 public:
  // At most `most` connections to `socket` may be open. Make it before the socket binds; context and socket must
  // outlive it.
  Doorkeeper(zmq::context_t& context, zmq::socket_ref socket, std::size_t most);
  ~Doorkeeper();
  Doorkeeper(const Doorkeeper&) = delete;
  Doorkeeper& operator=(const Doorkeeper&) = delete;

  // Thread-safe: a message that makes sense has come over this connection; -1: over an unknown one.
  void heard(int descriptor);
  std::size_t connections() const;

 private:
  void watch(const std::stop_token& stop);
  void read_event();
  void take(std::uint16_t event, int value);
  void end_excess();

  zmq::socket_ref socket_;
  std::size_t most_;
  zmq::socket_t monitor_;
  RateLimitedLog log_;  // of the thread
  mutable std::mutex mutex_;
  OpenConnections open_;     // under mutex_
  std::vector<int> to_end_;  // of the thread
  std::jthread thread_;      // the last member: it uses the others
};

}  // namespace outrider::protocol
