// A mixture network compiled for training.
//
//   MixturePlan plan(network, batch, threads);
//   nn::Optimizer optimizer(plan.trainables({.parts = false}), {.momentum = 0.9F}, threads);
//   for (...) { loss(plan.forward(input), ..., plan.output_gradient()); plan.backward(); optimizer.step(rate); }
//   network = plan.network();
#pragma once

#include <span>
#include <vector>

#include "learners/growing/mixture_network.h"

namespace outrider::growing {

// What of a network learns. A network of one part has no crossings.
struct LearningPieces {
  bool parts = true;      // templates, the coefficients on the diagonal, stem, and biases of hidden layers
  bool crossings = true;  // the coefficients off the diagonal
  bool head = true;       // the last layer
  bool norms = true;      // gammas and betas, and running statistics move

  bool operator==(const LearningPieces&) const = default;
};

// What the parts brought stays: for whoever trains a grown network whose parts others know.
inline constexpr LearningPieces kCrossingPieces{.parts = false};

// Used by one thread at a time.
class MixturePlan {
 public:
  // Throws InputError when the network is not valid, or the plan exceeds its budget. Without `norms`, batch norms use
  // their running statistics.
  MixturePlan(const MixtureNetwork& network, std::size_t batch, int threads, const LearningPieces& pieces = {},
              const nn::MemoryBudget& budget = {});

  nn::TrainingPlan& plan() { return plan_; }
  // batch x classes, valid until the next forward().
  std::span<const float> forward(std::span<const float> input);
  std::span<float> output_gradient() { return plan_.output_gradient(); }
  void backward() { derived_.backward(); }

  // Of the pieces that learn. Valid as long as the plan.
  std::vector<nn::Trainable> trainables();

  // As it is now.
  MixtureNetwork network() const;

 private:
  bool learns(const nn::Trainable& trainable) const;

  MixtureForm form_;
  MixtureLayout layout_;
  LearningPieces pieces_;
  MixtureWeights weights_;
  nn::TrainingPlan plan_;
  nn::DerivedPlan derived_;
};

}  // namespace outrider::growing
