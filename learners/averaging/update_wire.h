// Updates and states as bytes (averaging.capnp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "knowledge/bytes.h"
#include "learners/averaging/server.h"
#include "learners/averaging/update.h"

namespace outrider::averaging {

// How the numbers of an update travel. An update carries changes to weights, not weights: what rounding loses is small
// against the change, and smaller against the weight. For a value v that arrives as w:
enum class Encoding : std::uint8_t {
  kFloat32,  // w = v
  kFloat16,  // |v - w| <= max(2^-11 |v|, 2^-25); |v| < 65520 or encoding throws
  // Weights: |v - w| <= s / 2 + 2^-24 |w|, where s, the scale of the row (the weights into one output channel), is the
  // largest magnitude in it over 127; rounding to nearest. A quarter of the bytes. Other tensors as kFloat32.
  kInt8,
};

inline constexpr std::size_t kMaxWireBytes = std::size_t{1} << 30;  // four times the largest network

// Equal updates give equal bytes. The client is not in them: the record that carries them names it. Throws InputError
// naming the tensor when a value is too large for the encoding.
Bytes encode_update(const Update& update, Encoding encoding);
// What the bytes of an update of that network and strategy are at most, whatever the encoding, and a little more for
// what a later version may add.
std::uint64_t most_update_bytes(const nn::NetworkSpec& network, const Strategy& strategy);
// Throws InputError, beginning with `what`, when the bytes are malformed, too many, or not an update of shared tensors
// of that network and strategy with finite numbers. Does not look at the round.
Update decode_update(ByteView bytes, const ClientId& client, const nn::NetworkSpec& network, const Strategy& strategy,
                     const std::string& what = "the update");

// The round that an update says it is of; nothing when the bytes are no update.
std::optional<std::uint64_t> round_of_update(ByteView bytes);

// Exact. What clients need of a state is the round, the weights and the control variate: `published` is it without the
// momenta, and the third function below reads either.
Bytes encode_state(const ServerState& state);
ServerState published(ServerState state);
// Throws InputError when the bytes are malformed, or not a state of that network and strategy, its momenta whole or
// absent.
ServerState decode_state(ByteView bytes, const nn::NetworkSpec& network, const Strategy& strategy);

}  // namespace outrider::averaging
