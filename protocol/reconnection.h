// Keeps a client's connection going. Only .cpp files include this.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <zmq.hpp>

#include "protocol/readiness.h"
#include "protocol/transport.h"

namespace outrider::protocol {

// ZeroMQ connects again after a broken connection, but gives up for good after an offence against its protocol: a
// refused key, a frame that is too large, damage on the way. This watches the socket's events, and where ZeroMQ has
// given up, connects anew after a pause that doubles with every failure. Not thread-safe.
class Reconnection {
 public:
  enum class Failure { key_not_allowed, handshake_broken };

  // Connects `socket`, to which context and socket must outlive this. Throws zmq::error_t if the endpoint is none.
  Reconnection(boost::asio::io_context& io, zmq::context_t& context, zmq::socket_ref socket, std::string endpoint,
               const SocketOptions& options, std::function<void(Failure)> on_failure,
               std::function<void()> on_connected);

 private:
  void read_event();
  void connect_after_pause();
  void connect_anew();

  zmq::socket_ref socket_;
  std::string endpoint_;
  std::chrono::milliseconds shortest_pause_;
  std::chrono::milliseconds longest_pause_;
  std::chrono::milliseconds pause_;
  std::function<void(Failure)> on_failure_;
  std::function<void()> on_connected_;
  boost::asio::steady_timer timer_;
  bool timer_runs_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // the timer's callback may run after us
  zmq::socket_t monitor_;
  Readiness readiness_;
};

}  // namespace outrider::protocol
