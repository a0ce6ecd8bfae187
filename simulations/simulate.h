// The verb `outrider simulate`: a scenario from its file to its report. Studies of task sequences (study.h) are run by
// study_run.h, the others here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>

#include "simulations/progress.h"
#include "simulations/report.h"

namespace outrider::simulations {

struct SimulateOptions {
  std::filesystem::path scenario;
  std::filesystem::path output;           // empty: runs/NAME
  std::filesystem::path data;             // empty: as the scenario says
  std::optional<std::uint64_t> seed;      // likewise
  std::optional<std::uint64_t> episodes;  // likewise
  std::filesystem::path program;          // empty: this one
};

// Runs it with real processes and leaves the report in the output directory; an earlier run there is replaced.
Report run_scenario(const SimulateOptions& options, ProgressDisplay& display);

// As run_scenario, shown to a person. Returns the exit code.
int simulate(const SimulateOptions& options);

}  // namespace outrider::simulations
