// Update rules over the trainables of a plan, in the plan's own layouts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "learners/nn/plan.h"

namespace outrider::nn {

enum class Method {
  kSgd,    // v = momentum v + g; w -= rate (nesterov ? g + momentum v : v)
  kAdam,   // Kingma and Ba 2015, bias-corrected; decay is added to the gradient
  kAdamW,  // Loshchilov and Hutter 2019: decay shrinks the weight directly, by rate * decay
};

struct OptimizerOptions {
  Method method = Method::kSgd;
  float momentum = 0;  // kSgd
  bool nesterov = false;
  float beta1 = 0.9F;  // kAdam, kAdamW
  float beta2 = 0.999F;
  float epsilon = 1e-8F;
  float weight_decay = 0;
  bool decay_everything = false;  // also biases, gammas and betas; otherwise weights only
  double gradient_norm = 0;       // if positive, gradients are scaled down to this Euclidean norm over all of them
};

// The Euclidean norm over all gradients, summed in double in a fixed order: the same for every thread count.
double gradient_norm(std::span<const Trainable> trainables);

// What an optimizer has gathered of one tensor.
struct Moments {
  std::vector<float> first;   // velocity or mean
  std::vector<float> second;  // uncentred variance; empty for kSgd

  bool operator==(const Moments&) const = default;
};

// All that its steps leave behind, tensor by tensor in the order of the trainables.
struct OptimizerState {
  std::uint64_t steps = 0;
  std::vector<Moments> moments;

  bool operator==(const OptimizerState&) const = default;
};

// Refers to the trainables it is given: the plan must outlive it, but may be moved. Its own state starts at zero.
// step() allocates nothing and gives the same bits for every thread count.
class Optimizer {
 public:
  // Throws InputError when an option is out of its range (rates and decays negative, betas not in [0, 1)).
  Optimizer(TrainingPlan& plan, const OptimizerOptions& options);
  // On any values that lie still: those of derived weights (derived_weights.h), or some of a plan's.
  Optimizer(std::span<const Trainable> trainables, const OptimizerOptions& options, int threads);

  // Uses the gradients as they are; with clipping on, scales them in place first. rate >= 0.
  void step(float rate);
  std::uint64_t steps() const { return state_.steps; }
  // In the layouts of the trainables.
  const OptimizerState& state() const { return state_; }
  // Goes on from there. Throws InputError unless it has the sizes of state(), finite means and no negative variance.
  void restore(OptimizerState state);
  const OptimizerOptions& options() const { return options_; }

 private:
  void update(const Trainable& trainable, Moments& moments, float rate) const;

  std::vector<Trainable> trainables_;
  OptimizerOptions options_;
  OptimizerState state_;
  int threads_;
};

}  // namespace outrider::nn
