// Watches who connects to the aggregator, and disconnects whom there is no room for and who fills the memory. Only .cpp
// files include this.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <zmq.hpp>

#include "protocol/open_connections.h"
#include "protocol/rate_limited_log.h"

namespace outrider::protocol {

// ZeroMQ accepts whoever comes, for as long as there are descriptors, and tries without a pause when there are none.
// This hears of each connection from the socket's monitor, on a thread of its own so that it is never late, and ends
// those in excess by shutting them down: ZeroMQ then takes them for closed by the other side.
//
// Nor does ZeroMQ bound what a peer may send before it is understood: a frame of the largest size before it has proved
// any key, and as many frames as it likes in one message. The operating system knows how much has come over each
// connection, and we know how much of it were messages; who sends too much that is none is disconnected.
//
// A descriptor may be closed, and used anew, between what is heard of it and the shutdown, which then hits another
// connection: its client connects again. ZeroMQ reports the end before it closes a descriptor, so this is rare.
class Doorkeeper {
 public:
  struct Limits {
    std::size_t connections;                    // open at once
    std::uint64_t handshake_sent = 0;           // bytes that we have sent when a handshake is not over yet, at most
    std::uint64_t handshake_bytes = 16u << 10;  // that a peer may send until then
    std::uint64_t untaken_bytes = 64u << 20;    // that may have come over a connection without being a message so far
    std::uint64_t all_untaken_bytes = 512u << 20;  // likewise over all of them
    // A frame takes ZeroMQ 64 bytes of memory, and its sender two. What one connection's unfinished message seems to
    // take so, beyond its bytes, and those of all.
    std::uint64_t swollen_bytes = 256u << 20;
    std::uint64_t all_swollen_bytes = 512u << 20;
  };

  // Make it before the socket binds; context and socket must outlive it.
  Doorkeeper(zmq::context_t& context, zmq::socket_ref socket, Limits limits);
  ~Doorkeeper();
  Doorkeeper(const Doorkeeper&) = delete;
  Doorkeeper& operator=(const Doorkeeper&) = delete;

  // Thread-safe. A message of so many bytes has come over this connection; -1: over an unknown one.
  void heard(int descriptor, std::uint64_t bytes, bool makes_sense);
  // Thread-safe. Ends this connection; `why` completes "ended the connection from HOST, which ".
  void end(int descriptor, std::string_view why);
  std::size_t connections() const;

 private:
  void watch(const std::stop_token& stop);
  void read_event();
  void take(std::uint16_t event, int value);
  void take_disconnected(int descriptor);
  void end_excess();
  void look_at_handshakes();
  void look_at_all();
  void look_at_progress(std::uint64_t grown);
  // Of what a connection holds the largest, until none holds more than `most` and all together not more than that.
  void end_largest(std::uint64_t OpenConnections::Connection::*held, std::uint64_t most, std::uint64_t most_of_all,
                   fmt::format_string<std::uint64_t> why);
  void shut(int descriptor, std::string_view why);

  zmq::socket_ref socket_;
  Limits limits_;
  zmq::socket_t monitor_;
  mutable std::mutex mutex_;  // of all that follows but the thread
  RateLimitedLog log_;
  RateLimitedLog refusals_;
  OpenConnections open_;
  std::vector<int> to_end_;
  std::string refused_;  // why the connection that ends next is refused; empty: it is not
  std::chrono::steady_clock::time_point looked_{};
  std::uint64_t resident_ = 0;  // bytes of physical memory when all were looked at last
  bool to_trim_ = false;        // somebody who filled the memory has been ended
  std::jthread thread_;         // the last member: it uses the others
};

}  // namespace outrider::protocol
