// Finds out why there is no conversation with an aggregator: ZeroMQ says only that it tries again.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "protocol/address.h"

namespace outrider::protocol {

struct Finding {
  enum class What {
    unknown_host,    // the name has no address
    no_connection,   // refused, unreachable, no answer: `detail` says which
    silence,         // it takes connections, but nobody says anything: not running on, or no Outrider
    foreign,         // something answers that does not speak ZeroMQ
    other_security,  // it speaks ZeroMQ, but with keys where we have none, or without
    right_kind       // it speaks as an aggregator does
  };
  What what;
  std::string detail;                                     // of the operating system
  std::optional<boost::asio::ip::tcp::endpoint> reached;  // where a connection was made
};

// One sentence for people: "nothing answers at HOST:PORT (Connection refused)".
std::string sentence(const Finding& finding, const Address& address);

// Looks once, over a connection of its own: resolves the name, connects, greets, and reads how it is greeted. Goes away
// with the last handle to it, without a result. Not thread-safe.
class Probe : public std::enable_shared_from_this<Probe> {
 public:
  static std::shared_ptr<Probe> start(boost::asio::io_context& io, const Address& address,
                                      std::function<void(const Finding&)> on_finding);

 private:
  struct State;
};

}  // namespace outrider::protocol
