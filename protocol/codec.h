// Messages as bytes and back: the Cap'n Proto form of outrider.capnp.
#pragma once

#include "knowledge/bytes.h"
#include "protocol/messages.h"

namespace outrider::protocol {

// Throws InputError if the message is over the limits of limits.h, so that whatever is encoded can be decoded.
// Unsupported has no such form (frame.h carries it): encoding it is a programmer error and throws std::logic_error.
Bytes encode(const Message& message);

// Throws InputError on anything malformed, over the limits or of a kind that this version does not know.
Message decode(ByteView bytes);

}  // namespace outrider::protocol
