// A study of task sequences as a kind of experiment.
#pragma once

#include "simulations/experiment/experiment_kind.h"

namespace outrider::simulations {

ExperimentKind task_incremental();

}  // namespace outrider::simulations
