// The verb `outrider pretrain`: trains an encoder for an aggregator to start from.
#pragma once

#include <string>

#include "simulations/scenario/data_source.h"

namespace CLI {
class App;
}

namespace outrider::simulations {

struct PretrainOptions {
  DataSource data;
  Pretraining training;
  std::uint64_t seed = 1;
  std::string input = "1x28x28";
  std::string output;
  bool replace = false;           // an earlier output
  bool restart = false;           // instead of going on with OUTPUT.partial
  std::uint64_t keep_every = 60;  // seconds
};
void add_options(CLI::App& app, PretrainOptions& options);
// Trains, or goes on where it was interrupted, and writes the file. Returns the exit code; throws InputError for
// options and pictures that give no encoder.
int run_pretrain(const PretrainOptions& options);

}  // namespace outrider::simulations
