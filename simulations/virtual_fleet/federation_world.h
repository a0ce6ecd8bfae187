// A federation's scenario as a world of virtual clients.
#pragma once

#include "simulations/virtual_fleet/embedded_data.h"
#include "simulations/virtual_fleet/federation.h"
#include "simulations/world/world_options.h"

namespace outrider::simulations {

// The weather of this seed: the scenario's own or, for a swarm, with each kind of fault off, on or down to a third
// (Groce et al. 2012: many kinds of weather find more than one that has everything).
WorldOptions world_of(const Federation& federation, const EmbeddedData& data, std::uint64_t seed, Watch watch);

// Which clients lie.
std::vector<bool> liars_of(const Federation& federation, std::uint64_t seed);

// Which profile each client has, by shares: client c's depends on the seed and c alone.
std::vector<std::uint8_t> profiles_of(const Federation& federation, std::uint64_t seed);

}  // namespace outrider::simulations
