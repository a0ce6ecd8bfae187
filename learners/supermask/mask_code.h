// Masks as few bits: adaptive arithmetic coding (Witten, Neal and Cleary 1987), close to the entropy of the mask.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "knowledge/bytes.h"

namespace outrider {

// `mask`: 0 or 1 each. Costs about n H(k/n) bits for k ones among n. Empty for an empty mask.
Bytes encode_mask(std::span<const std::uint8_t> mask);

// Fills the whole of `mask`, whose size the receiver knows from the base network. Throws InputError, beginning with
// `what`, when the bytes are too few or too many to be such a mask, or not what encode_mask gives for it.
void decode_mask(ByteView code, std::span<std::uint8_t> mask, const std::string& what);

}  // namespace outrider
