#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "knowledge/error.h"
#include "protocol/authenticator.h"
#include "protocol/doorkeeper.h"
#include "protocol/frame.h"
#include "protocol/listening.h"
#include "protocol/multipart.h"
#include "protocol/rate_limited_log.h"
#include "protocol/readiness.h"
#include "protocol/routes.h"
#include "protocol/send_budget.h"
#include "protocol/socket_setup.h"
#include "protocol/tcp_progress.h"
#include "protocol/transport.h"
#include "protocol/uninterrupted.h"

namespace outrider::protocol {
namespace {

constexpr std::chrono::seconds kBudgetLook{1};
// What ZeroMQ has sent before a handshake is over: a greeting; with keys, also the answer to the first command (its
// header and 168 bytes).
constexpr std::uint64_t kGreetingBytes = 64;
constexpr std::uint64_t kCurveHandshakeBytes = kGreetingBytes + 2 + 168;

}  // namespace

struct RouterSocket::Impl {
  Impl(boost::asio::io_context& io, const Address& wanted, Options given, std::function<void(Message)> handler)
      : options(std::move(given)),
        on_message(std::move(handler)),
        routes(options.remembered_clients),
        budget(options.budget, options.curve.has_value()),
        budget_timer(io) {
    if (options.curve) {
      authenticator.emplace(io, context, options.curve->allows);
      apply(options.curve->keys, socket);
      socket.set(zmq::sockopt::curve_server, true);
      socket.set(zmq::sockopt::zap_domain, "outrider");
    } else {
      require_loopback(wanted, "give the aggregator a key pair, or listen on tcp://127.0.0.1:PORT");
    }
    if (wanted.key)
      throw InputError(fmt::format("address \"{}\": to listen on, it takes no key after the port", wanted.text()));
    apply(options.socket, wanted, socket);
    socket.set(zmq::sockopt::router_mandatory, true);
    doorkeeper.emplace(context, socket,
                       Doorkeeper::Limits{.connections = options.connections,
                                          .handshake_sent = options.curve ? kCurveHandshakeBytes : kGreetingBytes});
    address = bind(wanted);
    readiness.emplace(io, socket, [this] { return receive_one(); });
  }

  // The sockets are ours, since ZeroMQ itself knows neither names nor more than one family of addresses.
  Address bind(const Address& wanted) {
    const Listening listening = listen_on(wanted, !options.curve);
    Address bound = wanted;
    bound.port = listening.port;
    for (const int descriptor : listening.descriptors) {
      socket.set(zmq::sockopt::use_fd, descriptor);
      uninterrupted([&] { socket.bind(fmt::format("tcp://*:{}", listening.port)); });
    }
    if (options.curve) bound.key = options.curve->keys.public_key;
    return bound;
  }

  // False if none waits, or if there is no room for one.
  bool receive_one() {
    if (options.has_room && !options.has_room()) {
      stopped = true;
      return false;
    }
    std::array<zmq::message_t, 3> parts;  // routing id, preamble, body
    std::uint64_t bytes = 0;
    const std::size_t count = receive(socket, parts, &bytes);
    if (count == 0) return false;
    std::optional<Message> message;  // handed over outside the try: what the handler throws is not the peer's fault
    try {
      message = read(parts, count);
    } catch (const InputError& error) {
      drop(parts[1], error.what());
    }
    const int descriptor = descriptor_of(parts[1]);
    doorkeeper->heard(descriptor, bytes, message.has_value());
    if (!message) return true;
    routes.heard(message->client, text_of(view(parts[0])), descriptor);
    ++traffic.messages_received;
    traffic.bytes_received += parts[1].size() + parts[2].size();
    on_message(std::move(*message));
    return true;
  }

  void resume() {
    if (std::exchange(stopped, false)) readiness->look_again();
  }

  // Nothing if the peer is of another version, which is answered. Throws InputError if there is no authentic message.
  std::optional<Message> read(std::array<zmq::message_t, 3>& parts, std::size_t count) {
    if (count != parts.size()) throw InputError(fmt::format("it has {} frames, not 2", count - 1));
    std::optional<ClientId> proved;
    if (options.curve) proved = authenticate(parts[2]);
    auto received = decode_frames(view(parts[1]), view(parts[2]));
    if (const auto* unknown = std::get_if<UnknownVersion>(&received)) {
      refuse_version(parts, *unknown);
      return std::nullopt;
    }
    auto& message = std::get<Message>(received);
    if (std::holds_alternative<Unsupported>(message.body))
      throw InputError("it says that it does not support our version");
    if (proved && message.client != *proved)
      throw InputError(
          fmt::format("it speaks for client {} but its key is that of client {}", message.client.hex(), proved->hex()));
    return std::move(message);
  }

  // The client that the connection has proved to be. Throws InputError if its key is not allowed any more.
  ClientId authenticate(const zmq::message_t& part) const {
    const Bytes key = from_hex(property(part, "User-Id"));
    if (key.size() != PublicKey{}.size()) throw InputError("its connection has no public key");
    if (!options.curve->allows(key)) throw InputError("the key " + to_hex(key) + " is not allowed any more");
    return ClientId::from_public_key(key);
  }

  void refuse_version(std::array<zmq::message_t, 3>& parts, UnknownVersion peer) {
    drop(parts[1], fmt::format("it is of version {}", peer.version));
    const int descriptor = descriptor_of(parts[1]);
    transmit(std::move(parts[0]), descriptor, {{}, unsupported("this aggregator", peer)});
  }

  // ZeroMQ knows where the sender's own frames came from, but not the routing id that it put before them.
  void drop(const zmq::message_t& part, std::string_view why) {
    ++traffic.dropped_receiving;
    log.warn(fmt::format("dropped a message from {}: {}", property(part, "Peer-Address"), why));
  }

  SendResult transmit(zmq::message_t routing_id, int descriptor, const Message& message) {
    Frames frames = encode_frames(message);
    const std::size_t size = frames.preamble.size() + frames.body.size();
    auto room = budget.take(text_of(view(routing_id)), descriptor, size);
    if (!room) return SendResult::queue_full;
    watch_budget();
    std::array<zmq::message_t, 3> parts = {
        std::move(routing_id), part_of(frames.preamble),
        part_of(std::move(frames.body), std::make_shared<SendBudget::Ticket>(std::move(*room)))};
    const SendResult result = protocol::send(socket, parts);
    readiness->look_again();
    if (result == SendResult::sent) {
      ++traffic.messages_sent;
      traffic.bytes_sent += size;
    }
    return result;
  }

  bool send(const Message& message) {
    const std::string* routing_id = routes.find(message.client);
    if (routing_id == nullptr) return lose();
    try {
      switch (transmit(part_of(bytes_of(*routing_id)), routes.descriptor(message.client), message)) {
        case SendResult::sent:
          return true;
        case SendResult::queue_full:
          return lose(message, "its queue is full");
        case SendResult::unreachable:
          routes.forget(message.client);
          return lose();
      }
    } catch (const InputError& error) {
      return lose(message, error.what());
    }
    return false;
  }

  // Who takes nothing of what waits for it is disconnected.
  void watch_budget() {
    if (std::exchange(watches_budget, true)) return;
    budget_timer.expires_after(kBudgetLook);
    budget_timer.async_wait([this, alive = std::weak_ptr(alive)](const boost::system::error_code& error) {
      if (alive.expired() || error) return;
      watches_budget = false;
      const auto look = [](int descriptor) {
        const auto progress = progress_of(descriptor);
        return progress ? SendBudget::Progress{progress->acknowledged, progress->unsent == 0} : SendBudget::Progress{};
      };
      for (const int descriptor : budget.stalled(std::chrono::steady_clock::now(), look))
        doorkeeper->end(descriptor, "does not take what it asked for");
      if (budget.peers() > 0) watch_budget();
    });
  }

  // Clients come and go: no line in the log for that.
  bool lose() {
    ++traffic.dropped_sending;
    return false;
  }

  bool lose(const Message& message, std::string_view why) {
    log.warn(fmt::format("did not send a message to client {}: {}", message.client.brief(), why));
    return lose();
  }

  Options options;
  std::function<void(Message)> on_message;
  Address address;
  Routes routes;
  Traffic traffic;
  RateLimitedLog log;
  SendBudget budget;
  boost::asio::steady_timer budget_timer;
  bool watches_budget = false;
  bool stopped = false;                                        // there was no room
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);  // the timer's callback may run after us
  zmq::context_t context{1};
  std::optional<Authenticator> authenticator;
  zmq::socket_t socket{context, zmq::socket_type::router};
  std::optional<Doorkeeper> doorkeeper;
  std::optional<Readiness> readiness;
};

RouterSocket::RouterSocket(boost::asio::io_context& io, const Address& address, Options options,
                           std::function<void(Message)> on_message)
    : impl_(std::make_unique<Impl>(io, address, std::move(options), std::move(on_message))) {}
RouterSocket::~RouterSocket() = default;

bool RouterSocket::send(const Message& message) {
  return impl_->send(message);
}
void RouterSocket::resume() {
  impl_->resume();
}
Address RouterSocket::bound_address() const {
  return impl_->address;
}
Traffic RouterSocket::traffic() const {
  return impl_->traffic;
}
std::size_t RouterSocket::routes() const {
  return impl_->routes.size();
}
std::size_t RouterSocket::waiting_bytes() const {
  return impl_->budget.waiting();
}
std::size_t RouterSocket::connections() const {
  return impl_->doorkeeper->connections();
}

}  // namespace outrider::protocol
