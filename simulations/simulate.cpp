#include "simulations/simulate.h"

#include <iostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "knowledge/checked_option.h"
#include "knowledge/error.h"
#include "learners/nn/threads.h"
#include "simulations/experiment/interruption.h"
#include "simulations/experiment/run_directory.h"
#include "simulations/experiment/run_origin.h"
#include "simulations/experiment/runner.h"
#include "simulations/kinds.h"
#include "simulations/mpi/launched_ranks.h"
#include "simulations/scenario/scenario_file.h"

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

}  // namespace

void add_options(CLI::App& app, SimulateOptions& options) {
  app.add_option("scenario", options.scenario, "The scenario's TOML file")->required();
  app.add_option("--output", options.output, "Directory for the report (default: runs/NAME)");
  app.add_option("--data", options.data, "Where the data set lies (default: as the scenario says)");
  app.add_option("--seed", options.seed, "Instead of the scenario's, or of all that it has")->check(whole_number(0));
  app.add_option("--seeds", options.seeds,
                 "Many, as FIRST..LAST: for all but missions; of virtual fleets, to look for broken promises");
  app.add_option("--episodes", options.episodes, "Episodes of pre-training, instead of the scenario's")
      ->check(whole_number(0, 1'000'000'000));
  app.add_flag("--processes", options.processes,
               "Run a virtual fleet as real daemons too, and hold what they know against the virtual world");
  app.add_flag("--namespaces", options.namespaces,
               "As --processes, with a network namespace for each (as root, with iproute2), and the scenario's rates, "
               "losses and delays where the kernel can emulate them");
  app.add_flag("--check", options.check, "Only say whether the scenario and its data set are in order");
  app.add_flag("--resume", options.resume,
               "Go on with the run in the report's directory, which ctrl-C, kill or a power failure has ended; it "
               "is as it began, so the other options can be left out");
}

int simulate(const SimulateOptions& options, const ExperimentKinds& of) {
  const ExperimentKind& kind = kind_of(options.scenario, of);
  if (options.check) {
    std::cout << check_scenario(kind, options) << '\n';
    return 0;
  }
  const std::uint32_t ranks = launched_ranks();
  if (ranks > 1 && !kind.over_ranks)
    throw InputError(fmt::format("mpirun has launched {} ranks, but {} is no federation, which alone can be divided",
                                 ranks, options.scenario.string()));
  // Several ranks would all say so; they save the report once more instead.
  if (options.resume && ranks == 1 && is_finished(options)) return 0;
  if (ranks == 1)  // several would all say so, and what is wrong with the scenario as well
    if (const auto shortage = nn::thread_shortage(kind.open(options)->threads()))
      std::cerr << "outrider: " << *shortage << '\n';
  Interruption interruption;
  try {
    const std::unique_ptr<Exchange> exchange = launched_exchange();
    return show_experiment(kind.open, options, *exchange, interruption);
  } catch (const Interrupted& interrupted) {
    std::cerr << "outrider: " << interrupted.what() << '\n';
    return interrupted.exit_code();
  }
}

int simulate(const SimulateOptions& options) {
  return simulate(options, kinds());
}

}  // namespace outrider::simulations
