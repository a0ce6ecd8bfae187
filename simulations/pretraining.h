// Pre-training: an encoder from base classes, and their prototypes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "learners/encoders/encoder.h"
#include "learners/prototypical/training.h"
#include "simulations/progress.h"
#include "simulations/scenario.h"

namespace CLI {
class App;
}

namespace outrider::simulations {

// The labels of these classes; of all, in order, when none are named. Throws InputError when the data set lacks one
// or one is named twice.
std::vector<std::uint32_t> labels_of(const Dataset& data, const std::vector<std::string>& names);

// Throws InputError for what pretrain() would refuse before the first episode: an unknown architecture, classes that
// are not there or too few pictures of them.
void check_pretraining(const Pretraining& options, const Dataset& base);

// Trains on `base` (of any size and colours; resized here) and shows how it goes. `poll` is called after every episode;
// what it throws ends the training.
Encoder pretrain(const Pretraining& options, const Dataset& base, std::uint64_t seed, ProgressDisplay& display,
                 const std::function<void()>& poll = {});

// The verb `outrider pretrain`.
struct PretrainOptions {
  DataSource data;
  Pretraining training;
  std::uint64_t seed = 1;
  std::string input = "1x28x28";
  std::string output;
};
void add_options(CLI::App& app, PretrainOptions& options);
int run_pretrain(const PretrainOptions& options);

}  // namespace outrider::simulations
