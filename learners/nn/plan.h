// A network compiled for oneDNN: it owns all its memory, and running it allocates none of ours.
//
//   nn::TrainingPlan plan(spec, /*batch=*/100, /*threads=*/2);
//   plan.load(nn::Parameters::initial(spec, seed));
//   nn::Optimizer optimizer(plan, {.method = nn::Method::kAdam});
//   for (...) {
//     fill(plan.input());                                  // batch x C x H x W, plain
//     const std::span<const float> out = plan.forward();   // batch x d, plain
//     loss(out, plan.output_gradient());                   // writes batch x d
//     plan.backward();
//     optimizer.step(learning_rate);
//   }
//   nn::InferencePlan inference(spec, plan.parameters(), 2);
//
// Between the first and the last layer, values stay in the layouts that oneDNN prefers; trained weights live in the
// layout of the forward pass. See README.md for what is promised about determinism.
//
// A plan is used by one thread at a time; different plans may run on different threads.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "learners/nn/network.h"
#include "learners/nn/parameters.h"

namespace outrider::nn {

// A trained tensor where it lies: in the plan's own layout, element i of `gradient` belonging to element i of `value`.
// Layouts may pad; padding is zero in both and must stay so: update rules have to map (0, 0) to 0.
struct Trainable {
  TensorSpec spec;
  std::span<float> value;
  std::span<float> gradient;
};

// Forward and backward on batches of one size, with batch statistics in batch norm.
class TrainingPlan {
 public:
  // `threads`: 0 means one per processor. The parameters are zero until load(). Throws InputError when the spec is not
  // valid or the batch is empty.
  TrainingPlan(const NetworkSpec& spec, std::size_t batch, int threads);
  ~TrainingPlan();
  TrainingPlan(TrainingPlan&&) noexcept;
  TrainingPlan& operator=(TrainingPlan&&) noexcept;

  // The bytes such a plan allocates for parameters, gradients, values and scratch; itself allocates none of them.
  static std::size_t planned_bytes(const NetworkSpec& spec, std::size_t batch, int threads);

  const NetworkSpec& spec() const;
  std::size_t batch() const;
  std::size_t output_size() const;  // of one sample
  int threads() const;
  std::size_t bytes() const;

  // Throws InputError unless parameters.check(spec()) passes.
  void load(const Parameters& parameters);
  // A copy with the running statistics as they are now.
  Parameters parameters() const;
  // The gradients of the last backward(), as plain tensors; zero for running statistics.
  Parameters gradients() const;

  // batch x input shape, plain; the caller fills it before forward().
  std::span<float> input();
  // Runs the network and moves the running statistics. Returns batch x output_size(), plain, valid until the next
  // forward().
  std::span<const float> forward();
  // Copies the input first. Asserts that it has batch x input values.
  std::span<const float> forward(std::span<const float> input);

  // batch x output_size(), plain; the caller fills it before backward().
  std::span<float> output_gradient();
  // Writes (not adds) the gradient of every trainable; needs the forward() just before it.
  void backward();
  // Copies the gradient first. Asserts that it has batch x output_size() values.
  void backward(std::span<const float> output_gradient);

  // In the order of network_tensors(); valid as long as the plan.
  std::span<const Trainable> trainables();

  // For people who measure: one line per primitive, "forward jit:avx512_core", in order.
  std::vector<std::string> implementations() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Forward only, with batch norm on the running statistics and folded into the layer before it. Each thread carries one
// sample at a time through the whole network, so an output depends on nothing but its own input and the parameters:
// not on neighbours, position, count or threads, bit for bit.
class InferencePlan {
 public:
  // `threads`: 0 means one per processor. Throws InputError when the spec is invalid or the parameters do not fit it.
  InferencePlan(const NetworkSpec& spec, const Parameters& parameters, int threads);
  ~InferencePlan();
  InferencePlan(InferencePlan&&) noexcept;
  InferencePlan& operator=(InferencePlan&&) noexcept;

  static std::size_t planned_bytes(const NetworkSpec& spec, int threads);

  const NetworkSpec& spec() const;
  std::size_t output_size() const;  // of one sample
  int threads() const;
  std::size_t bytes() const;

  // Throws InputError unless parameters.check(spec()) passes.
  void load(const Parameters& parameters);

  // `input`: n samples, plain; `output`: n x output_size(). Asserts that the sizes fit each other; n may be 0.
  void forward(std::span<const float> input, std::span<float> output);

  // As above, with fill(i, values) writing sample i where the network reads it. Called from several threads at once,
  // for each i < count exactly once unless it throws; the first exception is passed on.
  using Fill = std::function<void(std::size_t index, std::span<float> values)>;
  void forward(std::size_t count, const Fill& fill, std::span<float> output);

  std::vector<std::string> implementations() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace outrider::nn
