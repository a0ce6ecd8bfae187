#include "simulations/simulate.h"

#include <algorithm>
#include <iostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "knowledge/checked_option.h"
#include "knowledge/error.h"
#include "learners/nn/threads.h"
#include "simulations/class_incremental/mission_run.h"
#include "simulations/experiment/interruption.h"
#include "simulations/experiment/run_directory.h"
#include "simulations/experiment/run_origin.h"
#include "simulations/experiment/runner.h"
#include "simulations/federated_rounds/rounds_run.h"
#include "simulations/mpi/launched_ranks.h"
#include "simulations/scenario/scenario_file.h"
#include "simulations/scenario_check.h"
#include "simulations/scenario_kind.h"
#include "simulations/task_incremental/study_run.h"
#include "simulations/virtual_fleet/federation_run.h"

namespace outrider::simulations {
namespace {

// Says so when nothing is left to do.
bool is_finished(const SimulateOptions& options) {
  const std::filesystem::path directory = run_directory(options.output, name_of_scenario(options.scenario));
  options_of_run(options, directory);  // which objects to another run
  if (!is_complete(directory)) return false;
  std::cout << fmt::format("the run in {} is complete: there is nothing to resume\n", directory.string());
  return true;
}

// Of OpenMP's, by the process itself at any time.
int threads_of(ScenarioKind kind, const SimulateOptions& options) {
  switch (kind) {
    case ScenarioKind::study:
      return study_of(options).threads;
    case ScenarioKind::rounds:
      return rounds_of(options).threads;
    case ScenarioKind::federation: {
      const Federation federation = federation_of(options);
      return federation.data.kind == kGaussians ? 1 : federation.pretraining.threads;
    }
    case ScenarioKind::mission: {
      const Scenario scenario = scenario_of(options);
      return std::max(scenario.pretraining.threads, scenario.mission.threads_per_client);
    }
  }
  return 1;
}

}  // namespace

void add_options(CLI::App& app, SimulateOptions& options) {
  app.add_option("scenario", options.scenario, "The scenario's TOML file")->required();
  app.add_option("--output", options.output, "Directory for the report (default: runs/NAME)");
  app.add_option("--data", options.data, "Where the data set lies (default: as the scenario says)");
  app.add_option("--seed", options.seed, "Instead of the scenario's, or of all that it has")->check(whole_number(0));
  app.add_option("--seeds", options.seeds, "Many, as FIRST..LAST: for studies, and to look for broken promises");
  app.add_option("--episodes", options.episodes, "Episodes of pre-training, instead of the scenario's")
      ->check(whole_number(0, 1'000'000'000));
  app.add_flag("--processes", options.processes,
               "Run a federation as real daemons too, and hold what they know against the virtual world");
  app.add_flag("--namespaces", options.namespaces,
               "As --processes, with a network namespace for each (as root, with iproute2), and the scenario's rates, "
               "losses and delays where the kernel can emulate them");
  app.add_flag("--check", options.check, "Only say whether the scenario and its data set are in order");
  app.add_flag("--resume", options.resume,
               "Go on with the run in the report's directory, which ctrl-C, kill or a power failure has ended; it "
               "is as it began, so the other options can be left out");
}

int simulate(const SimulateOptions& options) {
  if (options.check) {
    std::cout << fmt::format("{}: {}: valid\n", options.scenario.string(), check_scenario(options));
    return 0;
  }
  const ScenarioKind kind = kind_of(options.scenario);
  if (kind != ScenarioKind::federation && launched_ranks() > 1)
    throw InputError(fmt::format("mpirun has launched {} ranks, but {} is no federation, which alone can be divided",
                                 launched_ranks(), options.scenario.string()));
  // Several ranks would all say so; they save the report once more instead.
  if (options.resume && launched_ranks() == 1 && is_finished(options)) return 0;
  if (launched_ranks() == 1)  // several would all say so, and what is wrong with the scenario as well
    if (const auto shortage = nn::thread_shortage(threads_of(kind, options)))
      std::cerr << "outrider: " << *shortage << '\n';
  Interruption interruption;
  try {
    NoExchange alone;
    switch (kind) {
      case ScenarioKind::study:
        return show_experiment(open_as<StudyExperiment>, options, alone, interruption);
      case ScenarioKind::rounds:
        return show_experiment(open_as<RoundsExperiment>, options, alone, interruption);
      case ScenarioKind::federation:
        return show_experiment(open_as<FleetExperiment>, options, *launched_exchange(), interruption);
      case ScenarioKind::mission:
        return show_experiment(open_as<MissionExperiment>, options, alone, interruption);
    }
    return 0;
  } catch (const Interrupted& interrupted) {
    std::cerr << "outrider: " << interrupted.what() << '\n';
    return interrupted.exit_code();
  }
}

}  // namespace outrider::simulations
