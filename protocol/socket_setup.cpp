#include "protocol/socket_setup.h"

#include <algorithm>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "protocol/limits.h"

namespace outrider::protocol {
namespace {

// ZeroMQ closes the connection of a peer that sends a larger frame. A little above our own limit, so that a body just
// over it gets a log line instead.
constexpr std::int64_t kMaxFrameBytes = kMaxMessageBytes + (64 << 10);

int milliseconds(std::chrono::milliseconds time) {
  return static_cast<int>(time.count());
}

int seconds(std::chrono::milliseconds time) {
  return std::max(1, static_cast<int>(std::chrono::ceil<std::chrono::seconds>(time).count()));
}

}  // namespace

void apply(const SocketOptions& options, const Address& address, zmq::socket_ref socket) {
  namespace opt = zmq::sockopt;
  socket.set(opt::ipv6, address.ipv6());
  socket.set(opt::sndhwm, options.queue);
  socket.set(opt::rcvhwm, options.queue);
  socket.set(opt::maxmsgsize, kMaxFrameBytes);
  socket.set(opt::linger, milliseconds(options.linger));
  // A peer that is gone is noticed by the operating system, whose timers cost the same for one as for ten thousand
  // connections; those of ZeroMQ's own heartbeats do not. Whether a peer that is there also lives, clients and the
  // aggregator ask by heartbeats of the protocol.
  socket.set(opt::tcp_keepalive, 1);
  socket.set(opt::tcp_keepalive_idle, seconds(options.silence));
  socket.set(opt::tcp_keepalive_intvl, std::max(1, seconds(options.silence) / 3));
  socket.set(opt::tcp_keepalive_cnt, 3);
  socket.set(opt::tcp_maxrt, milliseconds(options.silence));
  socket.set(opt::reconnect_ivl, milliseconds(options.reconnect));
  socket.set(opt::reconnect_ivl_max, milliseconds(options.longest_reconnect));
  socket.set(opt::handshake_ivl, milliseconds(options.handshake));
}

void apply(const KeyPair& keys, zmq::socket_ref socket) {
  socket.set(zmq::sockopt::curve_publickey, zmq::buffer(keys.public_key));
  socket.set(zmq::sockopt::curve_secretkey, zmq::buffer(keys.secret_key));
}

void require_loopback(const Address& address, std::string_view remedy) {
  if (address.loopback()) return;
  throw InputError(
      fmt::format("address \"{}\" is not on this machine, so it needs encryption: {}", address.text(), remedy));
}

}  // namespace outrider::protocol
