// Elastic weight consolidation (Kirkpatrick et al. 2017): weights that mattered to earlier tasks are held where they
// were.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "learners/data/dataset.h"
#include "learners/encoders/encoder.h"
#include "learners/nn/plan.h"

namespace outrider::baselines {

// A number for each element of each trainable, in the layouts of one plan.
using TrainableValues = std::vector<std::vector<float>>;

// The diagonal of the empirical Fisher information: the mean over `samples` pictures, drawn without repetition (all
// where there are fewer), of the squared gradient of log softmax at the picture's label. Batch norms use their running
// statistics. In the plan's layouts; the plan's parameters are the same bits afterwards.
TrainableValues fisher_diagonal(nn::TrainingPlan& plan, const Dataset& task, const Preprocessing& preprocessing,
                                std::size_t samples, std::uint64_t seed);

// The penalty: strength / 2 times the sum over tasks and weights of F (w - w*)^2, F being the task's Fisher diagonal
// and w* the weights after it. Such a sum is, but for a constant, one quadratic around the mean of the w* weighted by
// the F: what is kept does not grow with the tasks.
class ElasticWeights {
 public:
  explicit ElasticWeights(float strength) : strength_(strength) {}

  // One more task, after which the weights are what they are now. Both in the layouts of the same plan at every call.
  void consolidate(std::span<const nn::Trainable> weights, const TrainableValues& importance);

  // But for a constant.
  double penalty(std::span<const nn::Trainable> weights) const;
  // Adds the penalty's gradient to the gradients. Nothing happens before the first task.
  void add_gradient(std::span<const nn::Trainable> weights) const;

 private:
  float strength_;
  TrainableValues importance_;  // summed over the tasks
  TrainableValues centre_;
};

}  // namespace outrider::baselines
