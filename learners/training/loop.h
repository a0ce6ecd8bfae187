// The one training loop: a batch goes forward, the loss writes its slope, that goes back, hooks correct the gradients,
// and the descent takes a step.
//
//   Batches batches(pictures, preprocessing, {.size = plan.batch(), .seed = seed});
//   Descent descent(plan.trainables(), {}, {0.1, 0, nn::ConstantRate{}}, plan.threads());
//   const Outcome outcome = train(trainee_of(plan), source_of(batches), cross_entropy(), descent, {.steps = 100});
//
// Same arguments, same bits, on one kind of processor.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "learners/training/batch_source.h"
#include "learners/training/descent.h"
#include "learners/training/trainee.h"

namespace outrider::training {

// The mean over a batch; writes its gradient.
using Loss = std::function<double(std::span<const float> output, std::span<const std::uint32_t> labels,
                                  std::span<float> gradient)>;
Loss cross_entropy();
// Of pictures whose label l is output `output_of[l]` of the network.
Loss cross_entropy(std::vector<std::uint32_t> output_of);
// Any loss, which is told the outputs in place of the labels.
Loss with_outputs(std::vector<std::uint32_t> output_of, Loss loss);

// When the numbers are looked at: each look reads every gradient once.
enum class Look {
  kEveryStep,   // before the gradients are corrected
  kEveryEpoch,  // after its last step
};

struct Epoch {
  std::uint64_t number = 0;  // that are done
  std::uint64_t steps = 0;   // of this one
  double loss = 0;           // mean over its steps
};

// Called after every step with the number of steps done and of all; returns whether to go on.
using StepDone = std::function<bool(std::uint64_t done, std::uint64_t of)>;

// Each may be empty. What one throws ends the training.
struct Hooks {
  std::function<void()> before_step{};  // who waits may interrupt here
  std::function<void()> correct{};      // may change the gradients of the trainables
  StepDone step_done{};
  std::function<bool(const Epoch& epoch)> epoch_done{};  // after each whole one; whether to go on
  std::function<void()> diverged{};                      // throws its own sentence; otherwise train() throws one
};

struct Course {
  std::uint64_t steps = 0;
  Look look = Look::kEveryStep;
  std::uint64_t done = 0;  // steps before these, by which the rate goes: training that goes on
};

// So many whole epochs or, where that is not 0, so many steps.
std::uint64_t step_count(std::uint64_t steps, std::uint64_t epochs, const BatchSource& source);

struct Outcome {
  double loss = 0;  // mean over the steps
  std::uint64_t steps = 0;
  bool finished = false;  // no hook left the rest out
};

// Throws InputError when training diverges: loss or gradients are no longer finite.
Outcome train(const Trainee& trainee, const BatchSource& source, const Loss& loss, Descent& descent,
              const Course& course, const Hooks& hooks = {});

}  // namespace outrider::training
