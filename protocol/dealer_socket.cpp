#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "protocol/frame.h"
#include "protocol/multipart.h"
#include "protocol/rate_limited_log.h"
#include "protocol/readiness.h"
#include "protocol/reconnection.h"
#include "protocol/socket_setup.h"
#include "protocol/transport.h"

namespace outrider::protocol {
struct DealerSocket::Impl {
  Impl(boost::asio::io_context& io, const Address& wanted, const Options& options, Handlers given)
      : address(wanted), handlers(std::move(given)) {
    if (!address.port)
      throw InputError(fmt::format("address \"{}\": to connect to, it needs a port number", address.text()));
    if (address.host == "*")
      throw InputError(fmt::format("address \"{}\": to connect to, it needs a host", address.text()));
    if (address.key) {
      if (!options.keys)
        throw InputError(fmt::format("address \"{}\" has a key, so this client needs a key pair too", address.text()));
      apply(*options.keys, socket);
      socket.set(zmq::sockopt::curve_serverkey, zmq::buffer(*address.key));
    } else {
      require_loopback(address, "write the aggregator's public key after it, as in tcp://HOST:PORT#KEY");
    }
    apply(options.socket, address, socket);
    connect(io, options.socket);
    readiness.emplace(io, socket, [this] { return receive_one(); });
  }

  void connect(boost::asio::io_context& io, const SocketOptions& options) {
    try {
      reconnection.emplace(io, context, socket, address, options,
                           Reconnection::Handlers{.on_connected =
                                                      [this] {
                                                        if (handlers.on_connected) handlers.on_connected();
                                                      },
                                                  .on_key_refused = [this] { report_refused_key(); },
                                                  .on_failure = [this](const Finding& finding) { report(finding); }});
    } catch (const zmq::error_t& error) {
      throw InputError(fmt::format("cannot connect to {}: {}", address.endpoint(), error.what()));
    }
  }

  void report_refused_key() {
    report(handlers.on_refused,
           fmt::format("the aggregator at {} does not allow this client's key", address.endpoint()));
  }

  void report(const Finding& finding) {
    const bool answers = finding.what != Finding::What::unknown_host && finding.what != Finding::What::no_connection;
    report(answers ? handlers.on_refused : handlers.on_unreachable, sentence(finding, address));
  }

  bool receive_one() {
    std::array<zmq::message_t, 2> parts;  // preamble, body
    const std::size_t count = receive(socket, parts);
    if (count == 0) return false;
    std::optional<std::variant<Message, UnknownVersion>> received;
    try {
      if (count != parts.size()) throw InputError(fmt::format("it has {} frames, not 2", count));
      received = decode_frames(view(parts[0]), view(parts[1]));
    } catch (const InputError& error) {
      ++traffic.dropped_receiving;
      log.warn(fmt::format("dropped a message from the aggregator at {}: {}", address.endpoint(), error.what()));
    }
    if (!received) return true;
    if (const auto* unknown = std::get_if<UnknownVersion>(&*received)) {
      ++traffic.dropped_receiving;
      report(handlers.on_unsupported, unsupported("this client", *unknown).sentence);
      return true;
    }
    ++traffic.messages_received;
    traffic.bytes_received += parts[0].size() + parts[1].size();
    deliver(std::move(std::get<Message>(*received)));
    return true;
  }

  void deliver(Message message) {
    if (const auto* unsupported = std::get_if<Unsupported>(&message.body))
      return report(handlers.on_unsupported, unsupported->sentence);
    handlers.on_message(std::move(message));
  }

  void report(const std::function<void(const std::string&)>& handler, const std::string& sentence) {
    if (handler)
      handler(sentence);
    else
      log.warn(sentence);
  }

  bool send(const Message& message) {
    try {
      Frames frames = encode_frames(message);
      const std::size_t size = frames.preamble.size() + frames.body.size();
      std::array<zmq::message_t, 2> parts = {part_of(frames.preamble), part_of(std::move(frames.body))};
      const SendResult result = protocol::send(socket, parts);
      readiness->look_again();
      if (result != SendResult::sent) {
        if (!reconnection->pauses()) return lose("the queue is full");
        ++traffic.dropped_sending;  // that there is no connection is reported already
        return false;
      }
      ++traffic.messages_sent;
      traffic.bytes_sent += size;
      return true;
    } catch (const InputError& error) {
      return lose(error.what());
    }
  }

  bool lose(std::string_view why) {
    ++traffic.dropped_sending;
    log.warn(fmt::format("did not send a message to the aggregator at {}: {}", address.endpoint(), why));
    return false;
  }

  Address address;
  Handlers handlers;
  Traffic traffic;
  RateLimitedLog log;
  zmq::context_t context{1};
  zmq::socket_t socket{context, zmq::socket_type::dealer};
  std::optional<Readiness> readiness;
  std::optional<Reconnection> reconnection;
};

DealerSocket::DealerSocket(boost::asio::io_context& io, const Address& address, Options options, Handlers handlers)
    : impl_(std::make_unique<Impl>(io, address, options, std::move(handlers))) {}
DealerSocket::~DealerSocket() = default;

bool DealerSocket::send(const Message& message) {
  return impl_->send(message);
}
Traffic DealerSocket::traffic() const {
  return impl_->traffic;
}

}  // namespace outrider::protocol
