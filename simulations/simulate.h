// The verb `outrider simulate`: a scenario from its file to its report. Studies of task sequences (study.h) are run by
// study_run.h, the others here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>

#include "simulations/federation.h"
#include "simulations/progress.h"
#include "simulations/report.h"
#include "simulations/scenario.h"
#include "simulations/study.h"

namespace outrider::simulations {

struct SimulateOptions {
  std::filesystem::path scenario;
  std::filesystem::path output;           // empty: runs/NAME
  std::filesystem::path data;             // empty: as the scenario says
  std::optional<std::uint64_t> seed;      // likewise
  std::string seeds;                      // likewise; "FIRST..LAST", for studies and federations
  std::optional<std::uint64_t> episodes;  // likewise
  std::filesystem::path program;          // empty: this one
  bool processes = false;                 // federations: run as daemons too
  bool check = false;                     // plan it, but do not run it
};

// The scenario as its file says, but for what the options say instead. Throw InputError as the file's reader does, and
// for options that this kind of scenario has no use for.
Scenario scenario_of(const SimulateOptions& options);
Study study_of(const SimulateOptions& options);
Federation federation_of(const SimulateOptions& options);

// Runs it with real processes and leaves the report in the output directory; an earlier run there is replaced.
Report run_scenario(const SimulateOptions& options, ProgressDisplay& display);

// As run_scenario, shown to a person. Returns the exit code.
int simulate(const SimulateOptions& options);

}  // namespace outrider::simulations
