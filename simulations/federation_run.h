// The verb `outrider simulate` for a federation under virtual time: from its file to its report.
#pragma once

#include "simulations/federation_report.h"
#include "simulations/progress.h"
#include "simulations/simulate.h"
#include "simulations/world/exchange.h"

namespace outrider::simulations {

// Runs every seed, with a part of each world on every rank, and leaves the report in the output directory; an earlier
// run there is replaced. The report is complete on rank 0 and the same for any number of ranks. Throws, on all ranks,
// Violation, which names the seed, the moment and the promise that was broken, and says how to see it again.
FederationReport run_federation(const SimulateOptions& options, Exchange& exchange, ProgressDisplay& display);

// As run_federation, shown to a person, on all ranks as which mpirun has launched this program. Returns the exit code.
int simulate_federation(const SimulateOptions& options);

}  // namespace outrider::simulations
