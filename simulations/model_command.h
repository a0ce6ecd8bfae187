// The verb `outrider model`: defines the model that clients train in rounds.
#pragma once

#include <string>
#include <vector>

#include "learners/averaging/learning_task.h"

namespace CLI {
class App;
}

namespace outrider::simulations {

struct ModelOptions {
  std::string architecture = "lenet5";
  std::string input = "1x28x28";
  std::vector<std::string> classes;
  bool invert = false;
  float mean = 0;
  float deviation = 1;
  std::string strategy = "fedavg";
  averaging::LocalWork work;
  std::uint64_t seed = 1;
  std::string output;
};
void add_options(CLI::App& app, ModelOptions& options);
// Writes the file that an aggregator starts from. Returns the exit code; throws InputError for options that make no
// model.
int run_model(const ModelOptions& options);

}  // namespace outrider::simulations
