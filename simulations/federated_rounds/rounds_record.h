// A run of a scenario of rounds as JSON: for its report, and to go on from when the scenario is resumed.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "simulations/federated_rounds/rounds_result.h"

namespace outrider::simulations {

nlohmann::json to_json(const RoundsRun& run);
// Of what to_json gave: the very same run. Throws nlohmann::json::exception for anything else.
RoundsRun rounds_run_from(const nlohmann::json& json);

}  // namespace outrider::simulations
