#include "protocol/probe.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

namespace outrider::protocol {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::seconds kPatience{3};  // for all of it

// How two ZeroMQ peers greet each other (https://rfc.zeromq.org/spec/23): a signature of ten bytes, the version, the
// name of the security mechanism in twenty, and zeros.
using Greeting = std::array<std::uint8_t, 64>;
constexpr std::size_t kMechanism = 12;
constexpr std::size_t kMechanismBytes = 20;

Greeting greeting(std::string_view mechanism) {
  Greeting bytes{};
  bytes[0] = 0xFF;
  bytes[8] = 1;
  bytes[9] = 0x7F;
  bytes[10] = 3;
  std::ranges::copy(mechanism, bytes.begin() + kMechanism);
  return bytes;
}

std::string_view mechanism_of(const Greeting& bytes) {
  const std::string_view name(reinterpret_cast<const char*>(bytes.data()) + kMechanism, kMechanismBytes);
  return name.substr(0, name.find('\0'));
}

}  // namespace

std::string sentence(const Finding& finding, const Address& address) {
  const std::string where = fmt::format("{}:{}", address.host, address.port.value_or(0));
  switch (finding.what) {
    case Finding::What::unknown_host:
      return fmt::format("the host '{}' is not known ({})", address.host, finding.detail);
    case Finding::What::no_connection:
      return fmt::format("nothing answers at {} ({})", where, finding.detail);
    case Finding::What::silence:
      return fmt::format("{} takes connections but says nothing: the aggregator there does not get on, or it is none",
                         where);
    case Finding::What::foreign:
      return fmt::format("what answers at {} is no aggregator", where);
    case Finding::What::other_security:
      return address.key
                 ? fmt::format("the aggregator at {} takes clients without keys only: leave out # and the key", where)
                 : fmt::format(
                       "the aggregator at {} broke off the handshake; is it an Outrider that takes "
                       "clients without keys? It asks for one: write # and its key after the port",
                       address.endpoint());
    case Finding::What::right_kind:
      return address.key ? fmt::format(
                               "the aggregator at {} broke off the handshake; is the key in the address really "
                               "its key?",
                               address.endpoint())
                         : fmt::format(
                               "the aggregator at {} broke off the handshake; is it an Outrider that takes "
                               "clients without keys?",
                               address.endpoint());
  }
  return {};
}

// Kept alive by what it waits for; `watcher` is the handle of who wants to know.
struct Probe::State : std::enable_shared_from_this<Probe::State> {
  State(asio::io_context& io, const Address& wanted, std::function<void(const Finding&)> handler)
      : address(wanted), on_finding(std::move(handler)), resolver(io), socket(io), timer(io) {}

  void start() {
    timer.expires_after(kPatience);
    timer.async_wait([self = shared_from_this()](const error_code& error) {
      if (error) return;
      self->finish(self->socket_connected ? Finding::What::silence : Finding::What::no_connection, "no answer in time");
    });
    const std::string host = address.ipv6() ? address.host.substr(1, address.host.size() - 2) : address.host;
    resolver.async_resolve(host, std::to_string(address.port.value_or(0)), tcp::resolver::numeric_service,
                           [self = shared_from_this()](const error_code& error, const auto& found) {
                             if (error) return self->finish(Finding::What::unknown_host, error.message());
                             self->connect(found);
                           });
  }

  void connect(const tcp::resolver::results_type& found) {
    asio::async_connect(socket, found, [self = shared_from_this()](const error_code& error, const tcp::endpoint& at) {
      if (error) return self->finish(Finding::What::no_connection, error.message());
      self->reached = at;
      self->socket_connected = true;
      self->greet();
    });
  }

  void greet() {
    ours = greeting(address.key ? "CURVE" : "NULL");
    // No more than the version: at a mechanism that is not its own the other side would close at once, and what it has
    // said would be lost with the connection.
    asio::async_write(socket, asio::buffer(ours, kMechanism), [](const error_code&, std::size_t) {});
    asio::async_read(socket, asio::buffer(theirs), [self = shared_from_this()](const error_code&, std::size_t size) {
      self->finish(self->judge(size), {});
    });
  }

  Finding::What judge(std::size_t size) const {
    if (size < 10 || theirs[0] != 0xFF || theirs[9] != 0x7F) return Finding::What::foreign;
    if (size < theirs.size()) return Finding::What::other_security;  // ours was not worth the rest
    return mechanism_of(theirs) == mechanism_of(ours) ? Finding::What::right_kind : Finding::What::other_security;
  }

  void finish(Finding::What what, const std::string& detail) {
    if (finished) return;
    finished = true;
    timer.cancel();
    resolver.cancel();
    error_code ignored;
    socket.close(ignored);
    if (!watcher.expired()) on_finding({what, detail, reached});
  }

  Address address;
  std::function<void(const Finding&)> on_finding;
  tcp::resolver resolver;
  tcp::socket socket;
  asio::steady_timer timer;
  std::weak_ptr<Probe> watcher;
  std::optional<tcp::endpoint> reached;
  Greeting ours{};
  Greeting theirs{};
  bool socket_connected = false;
  bool finished = false;
};

std::shared_ptr<Probe> Probe::start(asio::io_context& io, const Address& address,
                                    std::function<void(const Finding&)> on_finding) {
  auto probe = std::make_shared<Probe>();
  auto state = std::make_shared<State>(io, address, std::move(on_finding));
  state->watcher = probe;
  state->start();
  return probe;
}

}  // namespace outrider::protocol
