// The verb `outrider base`: defines the base network that tasks are masks over.
#pragma once

#include <string>

#include "learners/supermask/base_network.h"

namespace CLI {
class App;
}

namespace outrider::simulations {

struct BaseOptions {
  std::string architecture = "lenet-300-100";
  std::string input = "1x28x28";
  std::int64_t classes = 2;  // most classes of a task
  bool invert = false;
  float mean = 0;
  float deviation = 1;
  double density = 0.1;
  std::uint64_t seed = 1;
  BaseWeights weights = BaseWeights::signed_constant;
  std::string output;
  bool replace = false;  // an earlier output
};
void add_options(CLI::App& app, BaseOptions& options);
// Writes the file that an aggregator starts from. Returns the exit code; throws InputError for options that make no
// base network.
int run_base(const BaseOptions& options);

}  // namespace outrider::simulations
