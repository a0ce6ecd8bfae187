#include "protocol/host_addresses.h"

#include <algorithm>
#include <memory>
#include <tuple>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

namespace outrider::protocol {
namespace {

namespace ip = boost::asio::ip;

// Of the interface over which a packet to the world would leave; none is sent. TEST-NET-1 is nobody's.
ip::address way_out() {
  boost::asio::io_context io;
  ip::udp::socket socket(io);
  boost::system::error_code error;
  socket.connect({ip::make_address("192.0.2.1"), 9}, error);
  const ip::udp::endpoint local = error ? ip::udp::endpoint() : socket.local_endpoint(error);
  return local.address();
}

ip::address address_of(const sockaddr* address) {
  if (address->sa_family == AF_INET)
    return ip::address_v4(ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr));
  ip::address_v6::bytes_type bytes;
  std::ranges::copy(reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr.s6_addr, bytes.begin());
  return ip::address_v6(bytes);
}

std::vector<ip::address> of_interfaces() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(first, ::freeifaddrs);
  std::vector<ip::address> addresses;
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || (entry->ifa_flags & IFF_UP) == 0) continue;
    if (entry->ifa_addr->sa_family != AF_INET && entry->ifa_addr->sa_family != AF_INET6) continue;
    const ip::address address = address_of(entry->ifa_addr);
    if (address.is_v6() && address.to_v6().is_link_local()) continue;  // of use only with the peer's interface
    addresses.push_back(address);
  }
  return addresses;
}

}  // namespace

std::vector<Address> reachable_as(const Address& bound) {
  const bool everything = bound.host == "*" || bound.host == "[::]";
  if (!everything && bound.host != "0.0.0.0") return {bound};
  std::vector<ip::address> addresses = of_interfaces();
  if (!everything) std::erase_if(addresses, [](const ip::address& address) { return address.is_v6(); });
  const ip::address best = way_out();
  std::ranges::stable_sort(addresses, {}, [&](const ip::address& address) {
    return std::tuple(address.is_loopback(), address != best, address.is_v6());
  });
  if (addresses.empty()) addresses.push_back(ip::address_v4::loopback());
  std::vector<Address> result;
  for (const ip::address& address : addresses) {
    Address reachable = bound;
    reachable.host = address.is_v6() ? '[' + address.to_string() + ']' : address.to_string();
    result.push_back(std::move(reachable));
  }
  return result;
}

}  // namespace outrider::protocol
