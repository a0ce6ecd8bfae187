// The keys by which clients and the aggregator know each other: Curve25519, as CURVE (https://rfc.zeromq.org/spec/26)
// uses.
#pragma once

#include <array>
#include <cstdint>

#include "knowledge/contribution.h"

namespace outrider::protocol {

using PublicKey = std::array<std::uint8_t, 32>;
using SecretKey = std::array<std::uint8_t, 32>;

struct KeyPair {
  PublicKey public_key{};
  SecretKey secret_key{};

  // From the operating system's random numbers.
  static KeyPair generate();
  // The pair that belongs to a secret key. Throws InputError unless it has exactly 32 bytes.
  static KeyPair from_secret_key(ByteView secret_key);

  Bytes secret_bytes() const { return {secret_key.begin(), secret_key.end()}; }
  ClientId client_id() const { return ClientId::from_public_key(public_key); }
};

}  // namespace outrider::protocol
