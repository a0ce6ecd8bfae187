// What a fuzz target of a core is made of: the input says what happens to the core, and messages pass through the wire.
#pragma once

#include <optional>

#include "protocol/codec.h"
#include "tests/fuzz/all_families.h"
#include "tests/fuzz/refusing.h"

namespace outrider::fuzz {

// The message as it arrives; nothing where the codec refuses it.
inline std::optional<protocol::Message> over_the_wire(const protocol::Message& message) {
  std::optional<protocol::Message> heard;
  refusing([&] { heard = protocol::decode(protocol::encode(message)); });
  return heard;
}

// A World is made from a Draw and runs until that is used up.
template <typename World>
int happen_to(const std::uint8_t* data, std::size_t size) {
  static const std::vector<Payload> payloads = all_payloads();
  Draw draw(data, size, payloads);
  World(draw).run();
  return 0;
}

}  // namespace outrider::fuzz
