// What both ends set on their ZeroMQ sockets. Only .cpp files include this.
#pragma once

#include <zmq.hpp>

#include "protocol/address.h"
#include "protocol/transport.h"

namespace outrider::protocol {

void apply(const SocketOptions& options, const Address& address, zmq::socket_ref socket);
void apply(const KeyPair& keys, zmq::socket_ref socket);

// Throws InputError if an unencrypted connection to `address` could leave this machine. `remedy` says how to encrypt.
void require_loopback(const Address& address, std::string_view remedy);

}  // namespace outrider::protocol
