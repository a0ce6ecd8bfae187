#include "protocol/reconnection.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "protocol/multipart.h"
#include "protocol/uninterrupted.h"

namespace outrider::protocol {
namespace {

constexpr const char* kMonitor = "inproc://monitor";
constexpr std::chrono::seconds kBetweenProbes{1};
constexpr int kHandshakeFailed = ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
// After one of these ZeroMQ itself is at it.
constexpr int kTrying = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CONNECT_DELAYED | ZMQ_EVENT_CONNECT_RETRIED;

zmq::socket_t watch(zmq::context_t& context, zmq::socket_ref socket) {
  constexpr int kEvents = kHandshakeFailed | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | kTrying | ZMQ_EVENT_DISCONNECTED |
                          ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
  uninterrupted([&socket] {
    if (zmq_socket_monitor(socket.handle(), kMonitor, kEvents) != 0) throw zmq::error_t();
  });
  zmq::socket_t monitor(context, zmq::socket_type::pair);
  monitor.set(zmq::sockopt::linger, 0);
  uninterrupted([&monitor] { monitor.connect(kMonitor); });
  return monitor;
}

std::string endpoint_of(const boost::asio::ip::tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return fmt::format("tcp://{}:{}", endpoint.address().is_v6() ? '[' + host + ']' : host, endpoint.port());
}

}  // namespace

Reconnection::Reconnection(boost::asio::io_context& io, zmq::context_t& context, zmq::socket_ref socket,
                           const Address& address, const SocketOptions& options, Handlers handlers)
    : io_(io),
      socket_(socket),
      address_(address),
      endpoint_(address.endpoint()),
      shortest_pause_(options.reconnect),
      longest_pause_(options.longest_reconnect),
      pause_(options.reconnect),
      handlers_(std::move(handlers)),
      timer_(io),
      monitor_(watch(context, socket)),
      readiness_(io, monitor_, [this] { return read_event(); }) {
  uninterrupted([this] { socket_.connect(endpoint_); });
}

bool Reconnection::read_event() {
  std::array<zmq::message_t, 2> parts;  // the event's number (16 bits) and value, the endpoint
  if (receive(monitor_, parts) == 0) return false;
  std::uint16_t event = 0;
  assert(parts[0].size() >= sizeof event);  // ZeroMQ itself writes these
  std::memcpy(&event, parts[0].data(), sizeof event);
  if (!disconnected_) take(event);
  return true;
}

void Reconnection::take(std::uint16_t event) {
  if ((event & kTrying) != 0) {
    timer_.cancel();
    timer_runs_ = false;
    if (event == ZMQ_EVENT_CONNECT_RETRIED && !std::exchange(broken_, false)) look_into_it(false);
  } else if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
    pause_ = shortest_pause_;
    handshaken_ = true;
    handlers_.on_connected();
  } else if (event == ZMQ_EVENT_DISCONNECTED) {
    broken_ = std::exchange(handshaken_, false);
    connect_after_pause();
  } else {
    disconnect();
    disconnected_ = true;
    connect_after_pause();
    if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
      handlers_.on_key_refused();
    else
      look_into_it(true);
  }
}

// Not more often than people can use it: what is found is for them.
void Reconnection::look_into_it(bool handshake_failed) {
  const auto now = std::chrono::steady_clock::now();
  if (probe_ || (probed_.time_since_epoch().count() != 0 && now - probed_ < kBetweenProbes)) return;
  probed_ = now;
  probe_ = Probe::start(io_, address_,
                        [this, handshake_failed](const Finding& finding) { take(finding, handshake_failed); });
}

void Reconnection::take(const Finding& finding, bool handshake_failed) {
  probe_.reset();
  if (handshaken_) return;
  if (finding.what != Finding::What::right_kind || handshake_failed) return handlers_.on_failure(finding);
  // ZeroMQ tries one address of a name. Where another one answers, that is the one.
  if (const std::string other = endpoint_of(*finding.reached); other != endpoint_) {
    disconnect();
    endpoint_ = other;
    socket_.set(zmq::sockopt::ipv6, finding.reached->address().is_v6());
    uninterrupted([this] { socket_.connect(endpoint_); });
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
  disconnect();
  disconnected_ = false;
  uninterrupted([this] { socket_.connect(endpoint_); });
}

void Reconnection::disconnect() {
  try {
    uninterrupted([this] { socket_.disconnect(endpoint_); });
  } catch (const zmq::error_t& error) {
    if (error.num() != ENOENT && error.num() != EINVAL) throw;  // ZeroMQ has forgotten it, or the name is not known now
  }
}

}  // namespace outrider::protocol
