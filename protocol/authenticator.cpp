#include "protocol/authenticator.h"

#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "knowledge/contribution.h"
#include "protocol/keys.h"
#include "protocol/multipart.h"
#include "protocol/uninterrupted.h"

namespace outrider::protocol {
namespace {

constexpr const char* kEndpoint = "inproc://zeromq.zap.01";

// The parts of a request that we look at, by position. ZeroMQ itself writes requests, so their form is trusted.
enum Part : std::size_t { version, request_id, domain, peer_address, routing_id, mechanism, public_key, kParts };

zmq::socket_t listen(zmq::context_t& context) {
  zmq::socket_t socket(context, zmq::socket_type::rep);
  socket.set(zmq::sockopt::linger, 0);
  uninterrupted([&] { socket.bind(kEndpoint); });
  return socket;
}

}  // namespace

Authenticator::Authenticator(boost::asio::io_context& io, zmq::context_t& context,
                             std::function<bool(ByteView public_key)> allows)
    : allows_(std::move(allows)), socket_(listen(context)), readiness_(io, socket_, [this] { return answer_one(); }) {}

bool Authenticator::answer_one() {
  std::array<zmq::message_t, kParts> request;
  const std::size_t count = receive(socket_, request);
  if (count == 0) return false;
  const ByteView key = view(request[public_key]);
  const bool curve =
      count == kParts && text_of(view(request[mechanism])) == "CURVE" && key.size() == PublicKey{}.size();
  const bool allowed = curve && allows_(key);
  if (!allowed)
    log_.warn(fmt::format("refused a connection from {}: {}", text_of(view(request[peer_address])),
                          curve ? "the key " + to_hex(key) + " is not allowed" : "it offers no CURVE key"));

  std::array<zmq::message_t, 6> reply = {
      std::move(request[version]),
      std::move(request[request_id]),
      part_of(bytes_of(allowed ? "200" : "400")),
      part_of(bytes_of(allowed ? "OK" : "this key is not allowed")),
      part_of(bytes_of(allowed ? to_hex(key) : "")),
      zmq::message_t(),  // no metadata
  };
  send(socket_, reply);
  readiness_.look_again();
  return true;
}

}  // namespace outrider::protocol
