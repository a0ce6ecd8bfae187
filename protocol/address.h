// Where an aggregator listens and by which key it is known: "tcp://HOST:PORT" or "tcp://HOST:PORT#HEXKEY".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/keys.h"

namespace outrider::protocol {

// A value.
struct Address {
  std::string host;                   // an IPv4 address, a name that has one, an IPv6 address in brackets, or "*"
  std::optional<std::uint16_t> port;  // nothing: "*", any free port (only to listen on)
  std::optional<PublicKey> key;       // the aggregator's public key

  bool operator==(const Address&) const = default;

  // Throws InputError, which quotes `text`, if it is no address.
  static Address parse(std::string_view text);

  // What ZeroMQ takes: "tcp://HOST:PORT", without the key.
  std::string endpoint() const;
  // The form that parse reads.
  std::string text() const;
  // Only programs on this machine can reach it: 127.0.0.0/8, [::1] or localhost.
  bool loopback() const;
  bool ipv6() const { return host.starts_with('['); }
};

}  // namespace outrider::protocol
