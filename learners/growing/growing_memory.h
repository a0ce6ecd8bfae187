// What a client writes down with what it learned (growing.capnp).
#pragma once

#include "knowledge/digest.h"
#include "learners/growing/growing_task.h"

namespace outrider::growing {

struct GrowingMemory {
  Digest pictures;  // their fingerprint
  Digest event;     // with crossings: of which growth; else all zero
  Bytes network;    // with a part: itself (mixture_wire.h), to predict with before it grows; else empty

  bool operator==(const GrowingMemory&) const = default;

  Bytes encode() const;
  // Throws InputError when the bytes are malformed. Does not look into the network.
  static GrowingMemory decode(ByteView bytes);
};

}  // namespace outrider::growing
