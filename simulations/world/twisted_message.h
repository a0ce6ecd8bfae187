// Messages that no codec would write: every kind of field, by the schema, so that none can be forgotten.
#pragma once

#include "protocol/messages.h"
#include "simulations/world/hostile_values.h"

namespace outrider::simulations {

// The message as bytes in which each field is replaced by a hostile value with this chance: text that is none, ids of
// another size, numbers at every bound. Pre: the message can be encoded.
Bytes twisted(const protocol::Message& message, float chance, HostileValues& values);

}  // namespace outrider::simulations
