// The verb `outrider simulate`: a scenario of any kind from its file to its report.
#pragma once

#include "simulations/experiment/experiment_kind.h"
#include "simulations/experiment/run_options.h"

namespace CLI {
class App;
}

namespace outrider::simulations {

void add_options(CLI::App& app, SimulateOptions& options);

// Shows it to a person. ctrl-C and SIGTERM leave the report as far as it goes and a run that can be resumed. Returns
// the exit code: 130 or 143 after those.
int simulate(const SimulateOptions& options);
// As above, where these are the kinds of experiments.
int simulate(const SimulateOptions& options, const ExperimentKinds& kinds);

}  // namespace outrider::simulations
