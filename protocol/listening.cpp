#include "protocol/listening.h"

#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <fmt/format.h>

#include "knowledge/error.h"

namespace outrider::protocol {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Clients that come at once wait here until they are let in; the kernel takes the less of this and net.core.somaxconn.
constexpr int kBacklog = 4096;

[[noreturn]] void refuse(const Address& address, const std::string& why) {
  throw InputError(fmt::format("cannot listen on {}: {}", address.endpoint(), why));
}

std::vector<asio::ip::address> meant_by(asio::io_context& io, const Address& address) {
  if (address.host == "*") return {asio::ip::address_v6::any()};
  const std::string host = address.ipv6() ? address.host.substr(1, address.host.size() - 2) : address.host;
  error_code error;
  if (const auto literal = asio::ip::make_address(host, error); !error) return {literal};
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(host, "", tcp::resolver::passive, error);
  if (error) refuse(address, fmt::format("the host '{}' is not known ({})", host, error.message()));
  std::vector<asio::ip::address> meant;
  for (const auto& entry : found)
    if (std::find(meant.begin(), meant.end(), entry.endpoint().address()) == meant.end())
      meant.push_back(entry.endpoint().address());
  return meant;
}

error_code open(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (error) return error;
  acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6())  // "::" is everything, IPv4 too; any other address itself only
    acceptor.set_option(asio::ip::v6_only(!endpoint.address().is_unspecified()), error);
  if (!error) acceptor.native_non_blocking(true, error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(kBacklog, error);
  return error;
}

}  // namespace

Listening listen_on(const Address& address, bool only_loopback) {
  asio::io_context io;
  std::vector<tcp::acceptor> acceptors;
  std::uint16_t port = address.port.value_or(0);
  error_code failure;
  const auto add = [&](const asio::ip::address& where) {
    tcp::acceptor acceptor(io);
    failure = open(acceptor, {where, port});
    if (failure) return;
    port = acceptor.local_endpoint().port();
    acceptors.push_back(std::move(acceptor));
  };
  for (const asio::ip::address& where : meant_by(io, address)) {
    if (only_loopback && !where.is_loopback())
      refuse(address, fmt::format("'{}' is {}, which other machines can reach", address.host, where.to_string()));
    add(where);
    if (failure && where == asio::ip::address_v6::any() && failure != asio::error::address_in_use)
      add(asio::ip::address_v4::any());  // a machine without IPv6
    if (failure == asio::error::address_in_use)
      throw InputError(fmt::format("address {} is in use by another program", address.endpoint()));
  }
  // One address of a name may be of a family that this machine lacks.
  if (acceptors.empty()) refuse(address, failure.message());
  Listening listening{{}, port};
  for (tcp::acceptor& acceptor : acceptors) listening.descriptors.push_back(acceptor.release());
  return listening;
}

}  // namespace outrider::protocol
