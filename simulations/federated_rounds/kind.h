// Rounds of training as a kind of experiment.
#pragma once

#include "simulations/experiment/experiment_kind.h"

namespace outrider::simulations {

ExperimentKind federated_rounds();

}  // namespace outrider::simulations
