// Decides which CURVE keys may connect: the handler of ZeroMQ's authentication protocol (ZAP,
// https://rfc.zeromq.org/spec/27). Only .cpp files include this.
#pragma once

#include <functional>

#include <boost/asio/io_context.hpp>
#include <zmq.hpp>

#include "knowledge/bytes.h"
#include "protocol/rate_limited_log.h"
#include "protocol/readiness.h"

namespace outrider::protocol {

// Answers on the loop, so that `allows` needs no lock. One for each ZeroMQ context; make it before the sockets bind.
// A message from an accepted connection has the hexadecimal public key as its property "User-Id".
class Authenticator {
 public:
  Authenticator(boost::asio::io_context& io, zmq::context_t& context, std::function<bool(ByteView public_key)> allows);

 private:
  bool answer_one();

  std::function<bool(ByteView)> allows_;
  RateLimitedLog log_;
  zmq::socket_t socket_;
  Readiness readiness_;
};

}  // namespace outrider::protocol
