// The verb `outrider simulate`: a scenario from its file to its report. Missions are run by mission_run.h, studies of
// task sequences (study.h) by study_run.h, rounds of training by rounds_run.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "simulations/federated_rounds/rounds_scenario.h"
#include "simulations/scenario/scenario.h"
#include "simulations/task_incremental/study.h"
#include "simulations/virtual_fleet/federation.h"

namespace CLI {
class App;
}

namespace outrider::simulations {

struct SimulateOptions {
  std::filesystem::path scenario;
  std::filesystem::path output;           // empty: runs/NAME
  std::filesystem::path data;             // empty: as the scenario says
  std::optional<std::uint64_t> seed;      // likewise
  std::string seeds;                      // likewise; "FIRST..LAST", for all but missions
  std::optional<std::uint64_t> episodes;  // likewise
  std::filesystem::path program;          // empty: this one
  bool processes = false;                 // federations: run as daemons too
  bool namespaces = false;                // likewise, each in a network of its own
  bool check = false;                     // plan it, but do not run it
  bool resume = false;                    // go on with the run in the output directory
};
void add_options(CLI::App& app, SimulateOptions& options);

// The scenario as its file says, but for what the options say instead. Throw InputError as the file's reader does, and
// for options that this kind of scenario has no use for.
Scenario scenario_of(const SimulateOptions& options);
Study study_of(const SimulateOptions& options);
Federation federation_of(const SimulateOptions& options);
RoundsScenario rounds_of(const SimulateOptions& options);

// Shows it to a person. ctrl-C and SIGTERM leave the report as far as it goes and a run that can be resumed. Returns
// the exit code: 130 or 143 after those.
int simulate(const SimulateOptions& options);

}  // namespace outrider::simulations
