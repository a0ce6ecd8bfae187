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

#include "protocol/address.h"
#include "protocol/probe.h"
#include "protocol/readiness.h"
#include "protocol/transport.h"

namespace outrider::protocol {

// ZeroMQ connects again after a broken connection with growing pauses, but at once and for ever where the connection is
// made and the handshake fails, and not at all after an offence against its protocol: a refused key, a frame that is
// too large, damage on the way. This watches the socket's events; where the handshake fails it takes the connection
// back, and connects anew after a pause that doubles with every failure, as where ZeroMQ has given up. Whatever fails
// is looked into with a probe. Not thread-safe.
class Reconnection {
 public:
  struct Handlers {
    std::function<void()> on_connected;
    std::function<void()> on_key_refused;            // the aggregator does not allow our key
    std::function<void(const Finding&)> on_failure;  // no connection, or no handshake
  };

  // Connects `socket`, to which context and socket must outlive this. Throws zmq::error_t if the endpoint is none.
  Reconnection(boost::asio::io_context& io, zmq::context_t& context, zmq::socket_ref socket, const Address& address,
               const SocketOptions& options, Handlers handlers);

  // Between two attempts there is nowhere to send to.
  bool pauses() const { return disconnected_; }

 private:
  bool read_event();
  void take(std::uint16_t event);
  void look_into_it(bool handshake_failed);
  void take(const Finding& finding, bool handshake_failed);
  void connect_after_pause();
  void connect_anew();
  void disconnect();

  boost::asio::io_context& io_;
  zmq::socket_ref socket_;
  Address address_;
  std::string endpoint_;  // what the socket connects to: the address, or the one of its name that answers
  std::chrono::milliseconds shortest_pause_;
  std::chrono::milliseconds longest_pause_;
  std::chrono::milliseconds pause_;
  Handlers handlers_;
  boost::asio::steady_timer timer_;
  bool timer_runs_ = false;
  bool disconnected_ = false;  // by us, until the timer has run: what the monitor still says is of the past
  bool handshaken_ = false;
  bool broken_ = false;           // it was there until now: the first attempt to get it back is no failure
  std::shared_ptr<Probe> probe_;  // what looks into the failure at present
  std::chrono::steady_clock::time_point probed_{};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // the timer's callback may run after us
  zmq::socket_t monitor_;
  Readiness readiness_;
};

}  // namespace outrider::protocol
