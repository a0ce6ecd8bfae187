// What FedProx and SCAFFOLD add to the gradients of a plan. Internal to this folder.
#pragma once

#include <string>
#include <vector>

#include "learners/averaging/strategy.h"
#include "learners/nn/plan.h"

namespace outrider::averaging {

// On the trainables of a plan that are shared, in the plan's own layouts. Refers to the plan, loaded with the weights
// that were given.
class GradientCorrection {
 public:
  // `control` and `own_control`: c and c_i, of the controlled tensors; unused without SCAFFOLD.
  GradientCorrection(nn::TrainingPlan& plan, const Strategy& strategy, const nn::Parameters& control,
                     const nn::Parameters& own_control);

  // Adds mu (w - given) and c - c_i to the gradients.
  void add() const;

 private:
  struct Part {
    nn::Trainable trainable;
    std::vector<float> given;  // empty without FedProx
    std::vector<float> shift;  // c - c_i; empty without SCAFFOLD
  };
  std::vector<Part> parts_;
  float proximal_;
};

}  // namespace outrider::averaging
