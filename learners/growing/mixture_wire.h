// Mixture networks as bytes: templates and coefficients, not the weights that come of them (growing.capnp).
#pragma once

#include <string>

#include "knowledge/bytes.h"
#include "learners/growing/mixture_network.h"

namespace outrider::growing {

inline constexpr std::size_t kMaxMixtureBytes = std::size_t{256} << 20;

// Exact; equal networks of one form give equal bytes. The form is not in them. Throws InputError when the network is
// not valid.
Bytes encode_mixture(const MixtureNetwork& network);
// What the bytes of a network of that form, or of a crossing of it, are at most, and a little more for what a later
// version may add.
std::uint64_t most_mixture_bytes(const MixtureForm& form);
// Throws InputError, beginning with `what`, when the bytes are malformed, too many, or no valid network of that form.
MixtureNetwork decode_mixture(ByteView bytes, const MixtureForm& form, const std::string& what = "a mixture network");

}  // namespace outrider::growing
