#include <algorithm>
#include <cassert>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/nn/plan.h"
#include "learners/nn/threads.h"
#include "learners/nn/training_compiler.h"

namespace outrider::nn {
namespace {

TrainingProgram compile(const NetworkSpec& spec, std::size_t batch, int threads) {
  constexpr std::size_t kMaxBatch = 1u << 20;
  if (batch == 0 || batch > kMaxBatch)
    throw InputError(fmt::format("the batch has {} samples; expected 1 to {}", batch, kMaxBatch));
  const ThreadScope scope(threads);
  return compile_training(spec, batch);
}

void move_statistics(const BatchStatistics& statistics, const Execution& execution) {
  const auto mean = execution.floats(statistics.mean);
  const auto variance = execution.floats(statistics.variance);
  const auto running_mean = execution.floats(statistics.running_mean);
  const auto running_variance = execution.floats(statistics.running_variance);
  const auto count = static_cast<float>(statistics.count);
  const float unbiased = statistics.count > 1 ? count / (count - 1) : 1.0F;
  for (std::size_t c = 0; c < mean.size(); ++c) {
    running_mean[c] += statistics.momentum * (mean[c] - running_mean[c]);
    running_variance[c] += statistics.momentum * (unbiased * variance[c] - running_variance[c]);
  }
}

}  // namespace

struct TrainingPlan::State {
  State(const NetworkSpec& network, std::size_t batch_size, int thread_count)
      : spec(network),
        batch(batch_size),
        threads(resolve_threads(thread_count)),
        compiled(compile(spec, batch, threads)),
        persistent(compiled.program.persistent_bytes()),
        execution([this] {
          const ThreadScope scope(threads);
          return Execution(compiled.program, persistent.bytes());
        }()) {
    for (const ParameterPlace& place : compiled.parameters)
      if (place.spec.trainable())
        trainables.push_back({place.spec, execution.floats(place.value), execution.floats(place.gradient)});
  }

  Parameters copy(bool gradients) const {
    Parameters copied;
    for (const ParameterPlace& place : compiled.parameters) {
      Tensor tensor{place.spec, std::vector<float>(place.spec.size())};
      if (!gradients || place.spec.trainable())
        copy_layout(place.layout, execution.floats(gradients ? place.gradient : place.value), place.plain,
                    tensor.values);
      copied.tensors.push_back(std::move(tensor));
    }
    return copied;
  }

  NetworkSpec spec;
  std::size_t batch;
  int threads;
  TrainingProgram compiled;
  MemoryBlock persistent;
  Execution execution;
  std::vector<Trainable> trainables;
};

TrainingPlan::TrainingPlan(const NetworkSpec& spec, std::size_t batch, int threads)
    : state_(std::make_unique<State>(spec, batch, threads)) {}
TrainingPlan::~TrainingPlan() = default;
TrainingPlan::TrainingPlan(TrainingPlan&&) noexcept = default;
TrainingPlan& TrainingPlan::operator=(TrainingPlan&&) noexcept = default;

std::size_t TrainingPlan::planned_bytes(const NetworkSpec& spec, std::size_t batch, int threads) {
  const TrainingProgram compiled = compile(spec, batch, resolve_threads(threads));
  return compiled.program.persistent_bytes() + compiled.program.execution_bytes();
}

const NetworkSpec& TrainingPlan::spec() const {
  return state_->spec;
}
std::size_t TrainingPlan::batch() const {
  return state_->batch;
}
std::size_t TrainingPlan::output_size() const {
  return state_->execution.floats(state_->compiled.output).size() / state_->batch;
}
int TrainingPlan::threads() const {
  return state_->threads;
}
std::size_t TrainingPlan::bytes() const {
  return state_->compiled.program.persistent_bytes() + state_->compiled.program.execution_bytes();
}

void TrainingPlan::load(const Parameters& parameters) {
  parameters.check(state_->spec);
  const ThreadScope scope(state_->threads);
  for (std::size_t i = 0; i < parameters.tensors.size(); ++i) {
    const ParameterPlace& place = state_->compiled.parameters[i];
    copy_layout(place.plain, parameters.tensors[i].values, place.layout, state_->execution.floats(place.value));
  }
}

Parameters TrainingPlan::parameters() const {
  const ThreadScope scope(state_->threads);
  return state_->copy(/*gradients=*/false);
}

Parameters TrainingPlan::gradients() const {
  const ThreadScope scope(state_->threads);
  return state_->copy(/*gradients=*/true);
}

std::span<float> TrainingPlan::input() {
  return state_->execution.floats(state_->compiled.input);
}

std::span<const float> TrainingPlan::forward() {
  const ThreadScope scope(state_->threads);
  state_->execution.run(0, state_->compiled.forward_steps);
  for (const BatchStatistics& statistics : state_->compiled.statistics) move_statistics(statistics, state_->execution);
  return state_->execution.floats(state_->compiled.output);
}

std::span<const float> TrainingPlan::forward(std::span<const float> values) {
  assert(values.size() == input().size());
  std::ranges::copy(values, input().begin());
  return forward();
}

std::span<float> TrainingPlan::output_gradient() {
  return state_->execution.floats(state_->compiled.output_gradient);
}

void TrainingPlan::backward() {
  const ThreadScope scope(state_->threads);
  state_->execution.run(state_->compiled.forward_steps, state_->compiled.program.step_count());
}

void TrainingPlan::backward(std::span<const float> gradient) {
  assert(gradient.size() == output_gradient().size());
  std::ranges::copy(gradient, output_gradient().begin());
  backward();
}

std::span<const Trainable> TrainingPlan::trainables() {
  return state_->trainables;
}

std::vector<std::string> TrainingPlan::implementations() const {
  auto names = state_->compiled.program.implementations();
  for (std::size_t i = 0; i < names.size(); ++i)
    names[i] = (i < state_->compiled.forward_steps ? "forward " : "backward ") + names[i];
  return names;
}

}  // namespace outrider::nn
