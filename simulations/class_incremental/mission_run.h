// The verb `outrider simulate` for a mission: from its scenario to its report.
#pragma once

#include "simulations/class_incremental/mission_report.h"
#include "simulations/experiment/interruption.h"
#include "simulations/experiment/progress.h"
#include "simulations/experiment/run_options.h"

namespace outrider::simulations {

// The scenario as its file says, but for what the options say instead. Throws InputError as the file's reader does, and
// for options that this kind has no use for.
Scenario scenario_of(const SimulateOptions& options);

// Runs it with real processes and leaves the report in the output directory; an earlier run there is replaced, or gone
// on with where the options say so: its encoder is kept, and the mission and the fine-tuning, each as soon as it is
// whole. Interrupted, it leaves and returns the report as far as it goes; interruptions are deferred once the data are
// loaded.
Report run_mission(const SimulateOptions& options, ProgressDisplay& display, Interruption& interruption);

// As run_mission, shown to a person. Throws Interrupted after what there is has been shown.
void simulate_mission(const SimulateOptions& options, Interruption& interruption);

}  // namespace outrider::simulations
