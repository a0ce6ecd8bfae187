// A run of a federation as JSON, to go on from when the federation is resumed.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "simulations/virtual_fleet/federation_report.h"

namespace outrider::simulations {

nlohmann::json record_of(const FederationRun& run);
// Of what record_of gave: the very same run. Throws nlohmann::json::exception or InputError for anything else.
FederationRun federation_run_from(const nlohmann::json& record);

}  // namespace outrider::simulations
