// The verb `outrider simulate` for a federation under virtual time: from its file to its report.
#pragma once

#include "simulations/federation_report.h"
#include "simulations/progress.h"
#include "simulations/simulate.h"

namespace outrider::simulations {

// Runs every seed and leaves the report in the output directory; an earlier run there is replaced. Throws Violation,
// which names the seed, the moment and the promise that was broken, and says how to see it again.
FederationReport run_federation(const SimulateOptions& options, ProgressDisplay& display);

// As run_federation, shown to a person. Returns the exit code.
int simulate_federation(const SimulateOptions& options);

}  // namespace outrider::simulations
