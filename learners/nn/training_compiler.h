// Turns a NetworkSpec into the steps of forward and backward. Internal to this folder.
#pragma once

#include <memory>
#include <vector>

#include "learners/nn/layouts.h"
#include "learners/nn/plan.h"
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

// Where a layer with batch norm leaves, or finds, the statistics that it normalises with.
struct BatchStatistics {
  std::size_t layer = 0;
  float momentum = 0;
  std::size_t count = 0;     // values per channel
  std::size_t channels = 0;  // with running statistics
  std::size_t sets = 0;      // of running statistics
  std::size_t offset = 0;    // of the first such channel in `mean` and `variance`
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
  std::shared_ptr<DropoutKey> dropout;  // read by the dropout steps
};

// Call under a ThreadScope; the result is placed. Throws InputError when the spec is invalid.
TrainingProgram compile_training(const NetworkSpec& spec, std::size_t batch, StatisticsSource statistics);

}  // namespace outrider::nn
