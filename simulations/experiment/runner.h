// Runs an experiment of any kind: its directory and lock, the journal of what is finished, resumption, the partial
// report, ctrl-C, progress, and the ranks over which it is divided.
#pragma once

#include <memory>

#include "simulations/experiment/experiment.h"
#include "simulations/experiment/interruption.h"

namespace outrider::simulations {

// Runs all items that are not there yet and leaves the report in the output directory; an earlier run there is
// replaced, or gone on with where the options say so. What is finished is kept at once. Interrupted, it leaves and
// returns the report as far as it goes; interruptions are deferred once the data are loaded. The report is complete on
// rank 0. Throws InputError for what cannot be run, before anything of an earlier run is lost, and BrokenPromise after
// the report has been saved.
std::unique_ptr<Experiment> run_experiment(const OpenExperiment& open, const SimulateOptions& options,
                                           Exchange& exchange, ProgressDisplay& display, Interruption& interruption);

// As run_experiment, shown to a person by the first rank. Returns the exit code. Throws Interrupted after what there is
// has been shown.
int show_experiment(const OpenExperiment& open, const SimulateOptions& options, Exchange& exchange,
                    Interruption& interruption);

}  // namespace outrider::simulations
