// Scenario files to start from: every key that its kind of scenario knows, with what it means, its range and default.
#pragma once

#include <string>

#include "simulations/scenario_kind.h"

namespace outrider::simulations {

// A valid scenario of Fashion-MNIST. `name` is as a scenario's name must be.
std::string scenario_template(ScenarioKind kind, const std::string& name);

}  // namespace outrider::simulations
