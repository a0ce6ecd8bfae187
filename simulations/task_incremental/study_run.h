// The verb `outrider simulate` for a study of task sequences: from its file to its report.
#pragma once

#include "simulations/experiment/interruption.h"
#include "simulations/experiment/progress.h"
#include "simulations/experiment/run_options.h"
#include "simulations/task_incremental/study_report.h"

namespace outrider::simulations {

// The scenario as its file says, but for what the options say instead. Throws InputError as the file's reader does, and
// for options that this kind has no use for.
Study study_of(const SimulateOptions& options);

// Runs every method, at every density where it has one, with every seed, in this process, and leaves the report in the
// output directory; an earlier run there is replaced, or gone on with where the options say so. Every finished run is
// kept at once, and the report saved as far as it goes; so it is left and returned when the run is interrupted.
// Interruptions are deferred from the first run on. Throws InputError for options that a study has no use for.
StudyReport run_study(const SimulateOptions& options, ProgressDisplay& display, Interruption& interruption);

// As run_study, shown to a person. Throws Interrupted after what there is has been shown.
void simulate_study(const SimulateOptions& options, Interruption& interruption);

}  // namespace outrider::simulations
