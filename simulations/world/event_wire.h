// Events as bytes, between the ranks of one run: same program, same kind of machine.
#pragma once

#include <vector>

#include "simulations/world/event_queue.h"

namespace outrider::simulations {

void append_event(const Event& event, Bytes& bytes);
// The events that were appended, in that order. Throws InputError when they are cut short.
std::vector<Event> events_of(ByteView bytes);

}  // namespace outrider::simulations
