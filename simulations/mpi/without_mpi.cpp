#include "knowledge/error.h"
#include "simulations/mpi/launched_ranks.h"

namespace outrider::simulations {

std::unique_ptr<Exchange> launched_exchange() {
  if (launched_ranks() > 1)
    throw InputError("mpirun has launched " + std::to_string(launched_ranks()) +
                     " ranks, but this outrider was built without MPI; install libopenmpi-dev and build it with "
                     "-DOUTRIDER_MPI=ON");
  return std::make_unique<NoExchange>();
}

}  // namespace outrider::simulations
