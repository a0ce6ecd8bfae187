// The ranks as which mpirun has launched this program, as the parts of a virtual world.
#pragma once

#include <memory>

#include "simulations/world/exchange.h"

namespace outrider::simulations {

// How many processes mpirun has launched together; 1: it has not launched this one.
std::uint32_t launched_ranks();

// Between them, or of this process alone. At most one at a time, as long as the process talks to the others. Throws
// InputError when there are several, but Outrider was built without MPI.
std::unique_ptr<Exchange> launched_exchange();

}  // namespace outrider::simulations
