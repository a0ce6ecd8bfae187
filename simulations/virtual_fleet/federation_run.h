// The verb `outrider simulate` for a federation under virtual time: from its file to its report.
#pragma once

#include "simulations/experiment/interruption.h"
#include "simulations/experiment/progress.h"
#include "simulations/experiment/run_options.h"
#include "simulations/virtual_fleet/federation_report.h"
#include "simulations/world/exchange.h"

namespace outrider::simulations {

// The scenario as its file says, but for what the options say instead. Throws InputError as the file's reader does, and
// for options that this kind has no use for.
Federation federation_of(const SimulateOptions& options);

// Runs every seed, with a part of each world on every rank, and leaves the report in the output directory; an earlier
// run there is replaced, or gone on with where the options say so. The encoder and every finished seed are kept at
// once. Interrupted, it leaves and returns the report as far as it goes; interruptions are deferred once the data are
// loaded. The report is complete on rank 0 and the same for any number of ranks. Throws, on all ranks, Violation, which
// names the seed, the moment and the promise that was broken, and says how to see it again.
FederationReport run_federation(const SimulateOptions& options, Exchange& exchange, ProgressDisplay& display,
                                Interruption& interruption);

// As run_federation, shown to a person, on all ranks as which mpirun has launched this program. Returns the exit code.
// Throws Interrupted after what there is has been shown.
int simulate_federation(const SimulateOptions& options, Interruption& interruption);

}  // namespace outrider::simulations
