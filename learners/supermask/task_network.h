// Predicting with one of many tasks: the masked weights are made once per switch, not per call.
#pragma once

#include <array>
#include <vector>

#include "learners/data/dataset.h"
#include "learners/nn/plan.h"
#include "learners/supermask/task_record.h"

namespace outrider {

// Used by one thread at a time.
class TaskNetwork {
 public:
  // `threads`: 0 means one per processor. Results do not depend on it.
  explicit TaskNetwork(BaseNetwork base, int threads = 0);

  // Predictions are this task's from now on. The record is one that fits the base.
  void use(const TaskRecord& record);

  // Logits of the pictures, size() x outputs(); after use(). Each depends on its picture and the record alone, bit for
  // bit. Pictures have the base's input shape.
  std::vector<float> logits(const Dataset& pictures);
  // The share of pictures whose largest logit among the task's classes is at their label.
  double accuracy(const Dataset& pictures);

  const BaseNetwork& base() const { return base_; }

 private:
  BaseNetwork base_;
  std::vector<std::vector<float>> base_values_;
  std::array<float, 256> values_;
  std::size_t classes_ = 0;  // of the task in use
  nn::InferencePlan plan_;
};

}  // namespace outrider
