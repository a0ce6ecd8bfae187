// What a client writes down with an update (averaging.capnp).
#pragma once

#include <cstdint>

#include "knowledge/digest.h"
#include "learners/averaging/learning_task.h"
#include "learners/averaging/local_training.h"

namespace outrider::averaging {

struct ClientMemory {
  std::uint64_t round = 0;  // that was learned
  Digest update;            // of the update's bytes
  ClientState before;       // counts again if the update is refused: see ClientState
  ClientState after;
  double width = 1;  // of the part of the network that both are of

  bool operator==(const ClientMemory&) const = default;

  Bytes encode() const;
  // Throws InputError when the bytes are malformed or not of this task.
  static ClientMemory decode(ByteView bytes, const LearningTask& task);
};

}  // namespace outrider::averaging
