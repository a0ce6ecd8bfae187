// Whether a scenario could run, without running it.
#pragma once

#include <string>

#include "simulations/simulate.h"

namespace outrider::simulations {

// Reads the scenario, opens its data set and plans the run with the first seed. Returns what it is, for example "a
// federation of 1000 clients, 10 rendezvous, 3 seeds". Throws InputError, which names the file and, where it is to
// blame, the line, when something is wrong with it or the data set lacks what it asks for.
std::string check_scenario(const SimulateOptions& options);

}  // namespace outrider::simulations
