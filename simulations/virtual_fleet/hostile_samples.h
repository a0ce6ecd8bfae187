// What hostile clients twist: something that each family takes.
#pragma once

#include "simulations/virtual_fleet/embedded_data.h"
#include "simulations/world/world_options.h"

namespace outrider::simulations {

// States of classes first; then a task, an update of a round and a small network, in spaces of their own that are open
// from the start.
void add_samples(const EmbeddedData& data, WorldOptions& world);

}  // namespace outrider::simulations
