// The verb `outrider simulate`: a scenario from its file to its report. Missions are run by mission_run.h, studies of
// task sequences (study.h) by study_run.h, rounds of training by rounds_run.h.
#pragma once

#include "simulations/experiment/run_options.h"

namespace CLI {
class App;
}

namespace outrider::simulations {

void add_options(CLI::App& app, SimulateOptions& options);

// Shows it to a person. ctrl-C and SIGTERM leave the report as far as it goes and a run that can be resumed. Returns
// the exit code: 130 or 143 after those.
int simulate(const SimulateOptions& options);

}  // namespace outrider::simulations
