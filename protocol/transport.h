// Messages over ZeroMQ sockets on a Boost.Asio loop: RouterSocket is the aggregator's end, DealerSocket a client's.
//
//   RouterSocket router(io, Address::parse("tcp://127.0.0.1:*"), {}, [&](Message m) { router.send(answer(m)); });
//   DealerSocket dealer(io, router.bound_address(), {}, {.on_message = [](Message m) { ... }});
//   dealer.send({id, Hello{"camera 7"}});
//   io.run();
//
// Delivery is at most once: a message is lost with its connection or when a queue is full, so callers repeat what was
// not answered. Nothing blocks; handlers run on the loop. Whatever a peer sends that is no message is dropped with a
// log line (at most one a second) and never reaches a handler.
//
// Thread safety: none; use a socket on its loop's thread only. The loop must outlive it. A socket must not be destroyed
// from within its own handlers.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "protocol/address.h"
#include "protocol/keys.h"
#include "protocol/messages.h"
#include "protocol/send_budget.h"

namespace outrider::protocol {

struct SocketOptions {
  int queue = 256;                                      // messages waiting per peer and direction
  std::chrono::milliseconds silence{15'000};            // a peer whose system acknowledges nothing for so long is gone
  std::chrono::milliseconds handshake{10'000};          // a connection that has not said hello by then is closed
  std::chrono::milliseconds reconnect{100};             // the first pause before a new connection; doubles up to
  std::chrono::milliseconds longest_reconnect{10'000};  // this
  std::chrono::milliseconds linger{300};                // what the destructor waits for queued messages to leave
};

// Everything counted since the socket was made. Bytes are those of the frames, without ZeroMQ's own.
struct Traffic {
  std::uint64_t messages_sent = 0;  // handed to ZeroMQ
  std::uint64_t bytes_sent = 0;
  std::uint64_t messages_received = 0;  // well-formed ones
  std::uint64_t bytes_received = 0;
  std::uint64_t dropped_sending = 0;    // queue full, unreachable or over the limits
  std::uint64_t dropped_receiving = 0;  // malformed, of another version or under a false name
};

// The default of RouterSocket::Options::connections. Each takes some 30 KB.
inline constexpr std::size_t kMostConnections = 16'384;

// Turns encryption and authentication on at the aggregator.
struct CurveServer {
  KeyPair keys;
  // May a client with this public key (32 bytes) talk to us? Asked at every handshake and for every message, so that a
  // revocation takes effect at once. Must not throw.
  std::function<bool(ByteView public_key)> allows;
};

class RouterSocket {
 public:
  struct Options {
    SocketOptions socket;
    std::optional<CurveServer> curve;          // nothing: plain, which only a loopback address may be
    std::size_t remembered_clients = 100'000;  // the one not heard of for longest is forgotten first
    // Whether more messages are to be received now. Once it has said no, resume() must be called. Empty: always.
    std::function<bool()> has_room = {};
    SendBudget::Limits budget;                   // bytes that may wait to be sent
    std::size_t connections = kMostConnections;  // open at once; who comes then takes the place of whoever says least
  };

  // Listens at once. Throws InputError, which names the address, if that is not possible (in use, no such interface),
  // if it carries a key, or if it is plain and other machines could reach it.
  //
  // Under CURVE the sender of every message given to `on_message` is authentic: Message::client is the id of the key
  // that the connection has proved to own. Without, it is whatever the peer said.
  RouterSocket(boost::asio::io_context& io, const Address& address, Options options,
               std::function<void(Message)> on_message);
  ~RouterSocket();
  RouterSocket(const RouterSocket&) = delete;
  RouterSocket& operator=(const RouterSocket&) = delete;

  // Sends to `message.client`. Returns false, and the message is gone, when that client is not connected, was never
  // heard of, does not read its queue (which is bounded in messages and in bytes: see send_budget.h), or the message is
  // over the limits.
  bool send(const Message& message);
  // There is room again for what waits to be received.
  void resume();

  // The address to give to clients: with the port chosen for "*" and, under CURVE, with the key.
  Address bound_address() const;
  // "tcp://127.0.0.1:41234"
  std::string bound_endpoint() const { return bound_address().endpoint(); }
  Traffic traffic() const;
  // Clients that `send` has a route to, connected or not.
  std::size_t routes() const;
  // Connections that are open.
  std::size_t connections() const;
  // Bytes that wait to be sent.
  std::size_t waiting_bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class DealerSocket {
 public:
  struct Options {
    SocketOptions socket;
    std::optional<KeyPair> keys;  // the client's; needed if the address carries the aggregator's key
  };
  struct Handlers {
    std::function<void(Message)> on_message;
    // The aggregator speaks other versions only; the sentence says which. Empty: it is logged.
    std::function<void(const std::string& sentence)> on_unsupported = {};
    // Who answers there does not let us in (wrong or unknown key) or is no aggregator; it is tried again, more and more
    // rarely. Empty: it is logged.
    std::function<void(const std::string& sentence)> on_refused = {};
    // Nobody answers there; the sentence says why. It is tried again. Empty: it is logged.
    std::function<void(const std::string& sentence)> on_unreachable = {};
    // There is a connection, or another one than before: what was on its way may be lost.
    std::function<void()> on_connected = {};
  };

  // Connects in the background, and again whenever the connection breaks. Throws InputError if the address has no
  // port, if it has a key but the options have none, or if it has no key and is not on this machine.
  DealerSocket(boost::asio::io_context& io, const Address& address, Options options, Handlers handlers);
  ~DealerSocket();
  DealerSocket(const DealerSocket&) = delete;
  DealerSocket& operator=(const DealerSocket&) = delete;

  // Queues the message for the aggregator, connected or not. Returns false, and the message is gone, when the queue is
  // full or the message is over the limits.
  bool send(const Message& message);

  Traffic traffic() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace outrider::protocol
