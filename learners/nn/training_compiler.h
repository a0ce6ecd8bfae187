// Turns a NetworkSpec into the steps of forward and backward. Internal to this folder.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "learners/nn/layouts.h"
#include "learners/nn/program.h"

namespace outrider::nn {

// A tensor of the network in the program. Running statistics have no gradient buffer.
struct ParameterPlace {
  TensorSpec spec;
  dnnl::memory::desc plain;
  dnnl::memory::desc layout;
  BufferId value;
  BufferId gradient;
};

// Where a batch norm leaves the statistics of the batch.
struct BatchStatistics {
  std::size_t layer;
  float momentum;
  std::size_t count;  // values per channel
  BufferId mean;
  BufferId variance;
  BufferId running_mean;
  BufferId running_variance;
};

struct TrainingProgram {
  Program program;
  std::size_t forward_steps = 0;  // steps [0, forward_steps) go forward, the others backward
  BufferId input;
  BufferId output;
  BufferId output_gradient;
  std::vector<ParameterPlace> parameters;  // in network_tensors() order
  std::vector<BatchStatistics> statistics;
};

// Call under a ThreadScope; the result is placed. Throws InputError when the spec is invalid.
TrainingProgram compile_training(const NetworkSpec& spec, std::size_t batch);

}  // namespace outrider::nn
