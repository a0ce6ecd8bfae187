// Where a run leaves its report.
#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace outrider::simulations {

// The one that the user named, else runs/NAME.
std::filesystem::path run_directory(const std::filesystem::path& wanted, const std::string& name);

// Makes it an empty directory with a copy of the scenario in it. Only an earlier run is ever removed: throws InputError
// when it holds something else.
void prepare_run_directory(const std::filesystem::path& directory, const std::filesystem::path& scenario);

// Writes report.json. Throws InputError when it cannot be written.
void save_report(const nlohmann::json& report, const std::filesystem::path& directory);

}  // namespace outrider::simulations
