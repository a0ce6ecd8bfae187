// The network with all tasks mixed, and how its output's entropy moves with their shares (SupSup, Wortsman et al.
// 2020). Internal to this folder.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "learners/nn/plan.h"
#include "learners/supermask/ownership.h"

namespace outrider {

// Mean over the samples of the entropy (natural logarithm) of softmax(logits). `logits`: samples x k; writes its
// gradient, samples x k, to `gradient`. Sums in double, in order.
double softmax_entropy(std::span<const float> logits, std::size_t samples, std::span<float> gradient);

// Effective weights are sum over t of shares[t] * (weights of task t, 0 outside of its mask). Batch norms use the
// batch's statistics. Holds 8 bytes for each weight that a task keeps, and a training plan.
class TaskMixture {
 public:
  // The records are of this base.
  TaskMixture(const BaseNetwork& base, const NamedTasks& tasks, std::size_t batch, int threads);

  std::size_t tasks() const { return tasks_.size(); }
  std::size_t batch() const { return plan_.batch(); }

  // batch() x input values, plain; the caller fills it.
  std::span<float> input() { return plan_.input(); }
  // The entropy of the output for the input. One share for each task.
  double entropy(std::span<const double> shares);
  // What that entropy grows by with each share, at the shares of the entropy() just before.
  std::vector<double> slopes();

 private:
  struct SparseTensor {
    std::vector<std::uint32_t> places;
    std::vector<float> values;  // at the places
  };

  nn::TrainingPlan plan_;
  std::vector<std::vector<SparseTensor>> tasks_;  // by task and trainable of the plan
  std::vector<std::vector<float>> mixed_;         // by trainable; later its gradient
};

}  // namespace outrider
