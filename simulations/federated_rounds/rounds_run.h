// The verb `outrider simulate` for a scenario of rounds: from its file to its report.
#pragma once

#include "simulations/experiment/interruption.h"
#include "simulations/experiment/progress.h"
#include "simulations/experiment/run_options.h"
#include "simulations/federated_rounds/rounds_report.h"

namespace outrider::simulations {

// The scenario as its file says, but for what the options say instead. Throws InputError as the file's reader does, and
// for options that this kind has no use for.
RoundsScenario rounds_of(const SimulateOptions& options);

// Opens the pictures of a setting, with the first seed, and works out what every method and the merging are there, so
// that what is wrong is known before anything takes long. Throws InputError for what is.
SettingFacts look_at(const RoundsScenario& scenario, const RoundsSetting& setting);

// Runs every method in every setting, with every seed, in this process, and leaves the report in the output directory;
// an earlier run there is replaced, or gone on with where the options say so. Every finished run is kept at once, and
// the report saved as far as it goes; so it is left and returned when the run is interrupted. Interruptions are
// deferred from the first run on. Throws InputError for options that rounds have no use for.
RoundsReport run_rounds(const SimulateOptions& options, ProgressDisplay& display, Interruption& interruption);

// As run_rounds, shown to a person. Throws Interrupted after what there is has been shown.
void simulate_rounds(const SimulateOptions& options, Interruption& interruption);

}  // namespace outrider::simulations
