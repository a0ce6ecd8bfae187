// A mission as a kind of experiment.
#pragma once

#include "simulations/experiment/experiment_kind.h"

namespace outrider::simulations {

ExperimentKind class_incremental();

}  // namespace outrider::simulations
