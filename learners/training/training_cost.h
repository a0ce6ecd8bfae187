// What training takes of a device, to be held against what it has.
#pragma once

#include <cstddef>
#include <cstdint>

#include "learners/nn/network.h"

namespace outrider::training {

struct Workload {
  std::size_t batch = 32;
  int threads = 1;
  double samples = 1;  // gone through in a round: epochs times pictures, or steps times batch
};
struct TrainingCost {
  std::size_t bytes = 0;  // the plan's, and of four copies of the weights: given, learned, their difference, momentum
  double flops = 0;       // of a round: 2 for each multiply-add, and 3 passes: forward, and two backward
  bool operator==(const TrainingCost&) const = default;
};
TrainingCost training_cost(const nn::NetworkSpec& network, const Workload& workload);
// The flops alone, of so many samples.
double training_operations(const nn::NetworkSpec& network, double samples);

struct Budget {
  std::size_t bytes = SIZE_MAX;
  double flops = 1e30;  // in a round
};
bool fits(const TrainingCost& cost, const Budget& budget);

}  // namespace outrider::training
