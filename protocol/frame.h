// How a message stands in a ZeroMQ multipart message: a preamble frame that every version can read, then a body frame.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>

#include "knowledge/bytes.h"
#include "protocol/messages.h"

namespace outrider::protocol {

// "OUTR", the version (16 bits, little endian), 16 bits of zero.
using Preamble = std::array<std::uint8_t, 8>;

struct Frames {
  Preamble preamble{};
  Bytes body;
};

// The body is of a version that this program does not speak; it was not looked at.
struct UnknownVersion {
  std::uint16_t version = 0;
};

// `Unsupported` becomes version 0, whose body is plain text: "OLDEST NEWEST\nSENTENCE". Everything else is kVersion.
// Throws InputError if the message is over the limits.
Frames encode_frames(const Message& message);

// A version 0 body comes back as a Message of Unsupported with an empty client id.
// Throws InputError on anything malformed.
std::variant<Message, UnknownVersion> decode_frames(ByteView preamble, ByteView body);

// The answer to a peer of another version. `speaker` opens the sentence: "this aggregator".
Unsupported unsupported(std::string_view speaker, UnknownVersion peer);

}  // namespace outrider::protocol
