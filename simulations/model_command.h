// The verb `outrider model`: defines the model that clients train, in rounds or to grow.
#pragma once

#include <string>
#include <vector>

#include "learners/averaging/learning_task.h"
#include "learners/growing/growing_task.h"
#include "learners/training/local_work.h"

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
  training::LocalWork work;
  std::uint64_t seed = 1;
  std::string output;
  bool replace = false;  // an earlier output

  bool growing = false;  // clients train small networks that become one, instead of one model in rounds
  double width = 1;      // small networks have this share of the architecture's channels
  std::uint32_t parts = 2;
  std::uint32_t templates = 2;
  std::uint32_t sharing = 0;
  std::string crossings = "orthogonal";
  float factor = growing::Crossings{}.factor;
  training::LocalWork crossing = growing::GrowingTask{}.crossing;
};
void add_options(CLI::App& app, ModelOptions& options);
// Writes the file that an aggregator starts from. Returns the exit code; throws InputError for options that make no
// model.
int run_model(const ModelOptions& options);

}  // namespace outrider::simulations
