// Puts a ZeroMQ socket on a Boost.Asio loop. Only .cpp files include this.
#pragma once

#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <zmq.hpp>

namespace outrider::protocol {

// Calls `receive_one` on the loop whenever a message waits on the socket; it returns whether it received one, or may
// have left one there. Destroy it before the socket, not from within `receive_one`. Not thread-safe.
//
// ZMQ_FD says only that the socket's state may have changed since ZMQ_EVENTS was read last, and any send or receive
// reads that state too. So ZMQ_EVENTS decides, and it is asked again after every use of the socket.
class Readiness {
 public:
  Readiness(boost::asio::io_context& io, zmq::socket_ref socket, std::function<bool()> receive_one);
  ~Readiness();
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  // Call after every send: looks for messages at the loop's next turn.
  void look_again();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace outrider::protocol
