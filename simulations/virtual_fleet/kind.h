// A virtual fleet as a kind of experiment.
#pragma once

#include "simulations/experiment/experiment_kind.h"

namespace outrider::simulations {

ExperimentKind virtual_fleet();

}  // namespace outrider::simulations
