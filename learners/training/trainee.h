// What a training loop needs of a network: any plan that goes forward and back, with the tensors that learn.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "learners/nn/plan.h"

namespace outrider::training {

// Refers to the plan, which outlives it and does not move.
struct Trainee {
  std::function<std::span<const float>(std::span<const float> input)> forward;
  std::function<std::span<float>()> output_gradient;
  std::function<void()> backward;
  std::vector<nn::Trainable> trainables;  // whose gradients backward() writes
};

// Of a plan with forward(input), output_gradient() and backward(): plain, or with weights that are derived.
template <typename Plan>
Trainee trainee_of(Plan& plan, std::span<const nn::Trainable> trainables) {
  return {[&plan](std::span<const float> input) { return plan.forward(input); },
          [&plan] { return plan.output_gradient(); },
          [&plan] { plan.backward(); },
          {trainables.begin(), trainables.end()}};
}
inline Trainee trainee_of(nn::TrainingPlan& plan) {
  return trainee_of(plan, plan.trainables());
}

}  // namespace outrider::training
