// The pictures of a mission as its encoder sees them.
#pragma once

#include <functional>

#include "learners/encoders/embedder.h"
#include "simulations/class_incremental/mission.h"
#include "simulations/pretraining/measurement.h"

namespace outrider::simulations {

// Called after every class whose pictures have been embedded; what it throws ends the work.
using ClassEmbedded = std::function<void()>;

// Embeds all test pictures once.
SupersetTest superset_test(const Mission& mission, Embedder& embedder, const ClassEmbedded& done = {});

// The upper bound: all examples of all classes at one place, at once.
ClassStates batch_prototypes(const Mission& mission, Embedder& embedder, const ClassEmbedded& done = {});

}  // namespace outrider::simulations
