// What the verbs know of a kind of experiment. Each is registered with a line in simulations/kinds.cpp.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "simulations/experiment/experiment.h"

namespace outrider::simulations {

struct ExperimentKind {
  std::string name;                                 // for `scenario new --kind`
  std::string earlier_name;                         // which is still read; empty: none
  std::string meaning;                              // in a line of help
  std::string table;                                // a scenario file that has it is of this kind
  bool over_ranks = false;                          // whether mpirun can divide it among processes
  OpenExperiment open;                              // what a scenario file and options ask for
  std::string (*example)(const std::string& name);  // a valid file to start from, for a scenario of that name
};
using ExperimentKinds = std::vector<ExperimentKind>;

// The first where none has its table. Throws InputError when the file cannot be read as TOML.
const ExperimentKind& kind_of(const std::filesystem::path& file, const ExperimentKinds& kinds);

// "FILE: a study of 5 tasks, …: valid", without running it. Throws InputError, which names the file, for what is not.
std::string check_scenario(const ExperimentKind& kind, const SimulateOptions& options);

}  // namespace outrider::simulations
