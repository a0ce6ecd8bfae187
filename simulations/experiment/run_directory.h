// Where a run leaves its report.
#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "simulations/experiment/completion.h"

namespace outrider::simulations {

// Keeps other processes away from a run's directory. Move-only.
class RunLock {
 public:
  // The directory exists. Throws InputError when another process is at work on it.
  explicit RunLock(const std::filesystem::path& directory);
  ~RunLock();
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&& other) = delete;

 private:
  int descriptor_ = -1;
};

// The one that the user named, else runs/NAME.
std::filesystem::path run_directory(const std::filesystem::path& wanted, const std::string& name);

// The copy of the scenario in a run's directory, by which such a directory is known.
std::filesystem::path scenario_of_run(const std::filesystem::path& directory);

// Throws InputError when the directory holds something else than an earlier run, or could not be made: to be asked
// before the work. The folder that it is to lie in exists, except for `runs` where the user named none.
void require_run_or_nothing(const std::filesystem::path& directory);

// Makes it an empty directory with a copy of the scenario in it. Only an earlier run is ever removed: throws InputError
// as require_run_or_nothing, or when another process is at work on it.
RunLock prepare_run_directory(const std::filesystem::path& directory, const std::filesystem::path& scenario);

// Writes report.json, whole or not at all, with whether the run is complete and, if not, what is missing. Save what
// else belongs to the report before. Throws InputError when it cannot be written.
void save_report(const nlohmann::json& report, const Completion& completion, const std::filesystem::path& directory);
// Whether a whole report is there.
bool is_complete(const std::filesystem::path& directory);

}  // namespace outrider::simulations
