// The verb `outrider simulate` for a study of task sequences: from its file to its report.
#pragma once

#include "simulations/progress.h"
#include "simulations/simulate.h"
#include "simulations/study_report.h"

namespace outrider::simulations {

// Runs every method, at every density where it has one, with every seed, in this process, and leaves the report in the
// output directory; an earlier run there is replaced. Throws InputError for options that a study has no use for.
StudyReport run_study(const SimulateOptions& options, ProgressDisplay& display);

// As run_study, shown to a person. Returns the exit code.
int simulate_study(const SimulateOptions& options);

}  // namespace outrider::simulations
