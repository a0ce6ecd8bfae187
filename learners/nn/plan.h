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
#include <cstdint>
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

// In TrainingPlan::layout_order().
inline constexpr std::uint32_t kPadding = UINT32_MAX;

// What batch norm normalises with in training.
enum class StatisticsSource {
  kBatch,    // the batch's, and the running ones move
  kRunning,  // the running ones, which stay as they are: for fine-tuning on few samples
};

// How much memory a plan may take.
struct MemoryBudget {
  std::size_t bytes = SIZE_MAX;
  std::string network = "the network";  // named in the error
};

struct TrainingOptions {
  StatisticsSource statistics = StatisticsSource::kBatch;
  MemoryBudget budget{};
};

// Names the random numbers of dropout: equal keys drop equal values, whatever the number of threads.
struct DropoutKey {
  std::uint64_t seed = 0;
  std::uint64_t client = 0;
  std::uint64_t step = 0;
};

// Forward and backward on batches of one size.
class TrainingPlan {
 public:
  // `threads`: 0 means one per processor. The parameters are zero until load(). Throws InputError when the spec is not
  // valid, the batch is empty, or the plan exceeds its budget; nothing is allocated then.
  TrainingPlan(const NetworkSpec& spec, std::size_t batch, int threads, const TrainingOptions& options = {});
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

  // Batch norms with several sets of running statistics use this one from now on; 0 at first. Throws InputError when
  // one of them has no such set.
  void select_statistics(std::size_t set);
  // The key of the next forward(); each forward() moves on by one step.
  void set_dropout_key(const DropoutKey& key);

  // batch x input shape, plain; the caller fills it before forward().
  std::span<float> input();
  // Runs the network and, with StatisticsSource::kBatch, moves the running statistics. Returns batch x output_size(),
  // plain, valid until the next forward().
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
  // Plain row-major values to and from the plan's own layout, for one of trainables(): the way for weights that are
  // computed from something else (derived_weights.h). Assert that the sizes are those of the tensor.
  void set_value(std::size_t trainable, std::span<const float> plain);
  void copy_gradient(std::size_t trainable, std::span<float> plain) const;
  // For each element of the trainable's value, which plain element it is; kPadding where it is none.
  std::vector<std::uint32_t> layout_order(std::size_t trainable) const;

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
  // `threads`: 0 means one per processor. Throws InputError when the spec is invalid, the parameters do not fit it, or
  // the plan exceeds its budget.
  InferencePlan(const NetworkSpec& spec, const Parameters& parameters, int threads, const MemoryBudget& budget = {});
  ~InferencePlan();
  InferencePlan(InferencePlan&&) noexcept;
  InferencePlan& operator=(InferencePlan&&) noexcept;

  static std::size_t planned_bytes(const NetworkSpec& spec, int threads);

  const NetworkSpec& spec() const;
  std::size_t output_size() const;  // of one sample
  int threads() const;
  std::size_t bytes() const;

  // `statistics`: which set of running statistics to use, for batch norms with several. Throws InputError unless
  // parameters.check(spec()) passes and the set exists.
  void load(const Parameters& parameters, std::size_t statistics = 0);

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
