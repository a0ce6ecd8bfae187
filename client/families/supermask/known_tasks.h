// The tasks that a client's state knows.
#pragma once

#include "learners/supermask/ownership.h"
#include "storage/store.h"

namespace outrider::client {

// What a client wrote down with a task that it learned. Refers to the bytes that it was made from.
struct TaskMemory {
  Digest fingerprint;  // of the pictures: see TaskFiles
  ByteView record;     // as contributed

  Bytes encode() const;
  // Throws InputError when the bytes are too few.
  static TaskMemory decode(ByteView bytes);
};

// Throws InputError when the state has no base network.
BaseNetwork load_base(const Store& store);

// In the space of the base network: merged ones from the replica and, until they are merged, what the client has
// learned itself. Sorted by name; records that this version does not take are left out.
NamedTasks known_tasks(const Store& store, const Digest& space, const BaseNetwork& base);

}  // namespace outrider::client
