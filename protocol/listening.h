// Opens the socket that an aggregator listens on. Only .cpp files include this.
#pragma once

#include <cstdint>
#include <vector>

#include "protocol/address.h"

namespace outrider::protocol {

struct Listening {
  std::vector<int> descriptors;  // of sockets that listen; the caller's to close
  std::uint16_t port = 0;        // of all of them
};

// Listens on everything that the address means: on each address of a name, and for "*" on IPv4 and, where there is one,
// IPv6. Throws InputError, which names the address, when it cannot; also, for `only_loopback`, when the name stands for
// an address that other machines reach.
Listening listen_on(const Address& address, bool only_loopback);

}  // namespace outrider::protocol
