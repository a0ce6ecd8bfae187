// A run of a study as JSON: for its report, and to go on from when the study is resumed.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "simulations/task_incremental/study_result.h"

namespace outrider::simulations {

nlohmann::json to_json(const StudyRun& run);
// Of what to_json gave: the very same run. Throws nlohmann::json::exception for anything else.
StudyRun study_run_from(const nlohmann::json& json);

}  // namespace outrider::simulations
