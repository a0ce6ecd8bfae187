// The kinds of experiments that there are.
#pragma once

#include "simulations/experiment/experiment_kind.h"

namespace outrider::simulations {

// The first is what a scenario file is that has no other's table.
ExperimentKinds kinds();

}  // namespace outrider::simulations
