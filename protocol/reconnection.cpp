#include "protocol/reconnection.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

#include "protocol/multipart.h"
#include "protocol/uninterrupted.h"

namespace outrider::protocol {
namespace {

constexpr const char* kMonitor = "inproc://monitor";
constexpr int kFailures =
    ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
// After one of these ZeroMQ itself is at it.
constexpr int kTrying = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CONNECT_DELAYED | ZMQ_EVENT_CONNECT_RETRIED;

zmq::socket_t watch(zmq::context_t& context, zmq::socket_ref socket) {
  constexpr int kEvents = kFailures | kTrying | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
  uninterrupted([&socket] {
    if (zmq_socket_monitor(socket.handle(), kMonitor, kEvents) != 0) throw zmq::error_t();
  });
  zmq::socket_t monitor(context, zmq::socket_type::pair);
  monitor.set(zmq::sockopt::linger, 0);
  uninterrupted([&monitor] { monitor.connect(kMonitor); });
  return monitor;
}

}  // namespace

Reconnection::Reconnection(boost::asio::io_context& io, zmq::context_t& context, zmq::socket_ref socket,
                           std::string endpoint, const SocketOptions& options, std::function<void(Failure)> on_failure,
                           std::function<void()> on_connected)
    : socket_(socket),
      endpoint_(std::move(endpoint)),
      shortest_pause_(options.reconnect),
      longest_pause_(options.longest_reconnect),
      pause_(options.reconnect),
      on_failure_(std::move(on_failure)),
      on_connected_(std::move(on_connected)),
      timer_(io),
      monitor_(watch(context, socket)),
      readiness_(io, monitor_, [this] { read_event(); }) {
  uninterrupted([this] { socket_.connect(endpoint_); });
}

void Reconnection::read_event() {
  std::array<zmq::message_t, 2> parts;  // the event's number (16 bits) and value, the endpoint
  if (receive(monitor_, parts) == 0) return;
  std::uint16_t event = 0;
  assert(parts[0].size() >= sizeof event);  // ZeroMQ itself writes these
  std::memcpy(&event, parts[0].data(), sizeof event);
  if ((event & kTrying) != 0) {
    timer_.cancel();
    timer_runs_ = false;
  } else if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
    pause_ = shortest_pause_;
    on_connected_();
  } else {
    connect_after_pause();
    if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) on_failure_(Failure::key_not_allowed);
    if (event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL || event == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)
      on_failure_(Failure::handshake_broken);
  }
}

void Reconnection::connect_after_pause() {
  if (std::exchange(timer_runs_, true)) return;
  timer_.expires_after(pause_);
  timer_.async_wait([this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
    if (alive.expired() || error || !timer_runs_) return;
    timer_runs_ = false;
    pause_ = std::min(2 * pause_, longest_pause_);
    connect_anew();
  });
}

void Reconnection::connect_anew() {
  try {
    uninterrupted([this] { socket_.disconnect(endpoint_); });
  } catch (const zmq::error_t& error) {
    if (error.num() != ENOENT) throw;  // ENOENT: ZeroMQ has forgotten it already
  }
  uninterrupted([this] { socket_.connect(endpoint_); });
}

}  // namespace outrider::protocol
