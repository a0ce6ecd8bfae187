// For tests of kinds of experiments: the report of a run.
#pragma once

#include "simulations/experiment/runner.h"

namespace outrider::simulations {

// `Kind` is an Experiment that has a report.
template <typename Kind>
auto report_of_run(const SimulateOptions& options, ProgressDisplay& display, Interruption& interruption) {
  NoExchange alone;
  const auto run = run_experiment(open_as<Kind>, options, alone, display, interruption);
  return static_cast<const Kind&>(*run).report();
}

}  // namespace outrider::simulations
