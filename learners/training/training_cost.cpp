#include "learners/training/training_cost.h"

#include "learners/nn/plan.h"

namespace outrider::training {

TrainingCost training_cost(const nn::NetworkSpec& network, const Workload& workload) {
  constexpr std::size_t kCopies = 4;
  return {nn::TrainingPlan::planned_bytes(network, workload.batch, workload.threads) +
              kCopies * sizeof(float) * network.parameter_count(),
          training_operations(network, workload.samples)};
}

double training_operations(const nn::NetworkSpec& network, double samples) {
  constexpr double kFlops = 2 * 3;  // for each multiply-add of the forward pass
  return kFlops * network.multiply_adds() * samples;
}

bool fits(const TrainingCost& cost, const Budget& budget) {
  return cost.bytes <= budget.bytes && cost.flops <= budget.flops;
}

}  // namespace outrider::training
