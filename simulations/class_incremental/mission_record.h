// What a mission has found as JSON: for its report, and to go on from when the run is resumed.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "simulations/class_incremental/mission_report.h"

namespace outrider::simulations {

nlohmann::json to_json(const ClientResult& client);
nlohmann::json to_json(const StepResult& step);

// Steps, clients and difference of a report.
nlohmann::json mission_of(const Report& report);
// Of what mission_of gave: the very same. Throws nlohmann::json::exception for anything else.
void recall_mission(const nlohmann::json& mission, Report& report);

}  // namespace outrider::simulations
