#include <algorithm>
#include <cassert>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/nn/plan.h"
#include "learners/nn/threads.h"
#include "learners/nn/training_compiler.h"

namespace outrider::nn {
namespace {

std::size_t bytes_of(const Program& program) {
  return program.persistent_bytes() + program.execution_bytes();
}

TrainingProgram compile(const NetworkSpec& spec, std::size_t batch, int threads, StatisticsSource statistics) {
  constexpr std::size_t kMaxBatch = 1u << 20;
  if (batch == 0 || batch > kMaxBatch)
    throw InputError(fmt::format("the batch has {} samples; expected 1 to {}", batch, kMaxBatch));
  const ThreadScope scope(threads);
  return compile_training(spec, batch, statistics);
}

TrainingProgram compile_within(const MemoryBudget& budget, const NetworkSpec& spec, std::size_t batch, int threads,
                               StatisticsSource statistics) {
  TrainingProgram compiled = compile(spec, batch, threads, statistics);
  const std::size_t needed = bytes_of(compiled.program);
  if (needed > budget.bytes)
    throw InputError(fmt::format("training {} with batches of {} needs {} bytes of memory; {} are allowed",
                                 budget.network, batch, needed, budget.bytes));
  return compiled;
}

// The channels of a layer with running statistics: the batch's and the selected set.
struct StatisticsView {
  StatisticsView(const BatchStatistics& s, std::size_t set, const Execution& execution)
      : mean(execution.floats(s.mean).subspan(s.offset, s.channels)),
        variance(execution.floats(s.variance).subspan(s.offset, s.channels)),
        running_mean(execution.floats(s.running_mean).subspan(s.sets > 1 ? set * s.channels : 0, s.channels)),
        running_variance(execution.floats(s.running_variance).subspan(s.sets > 1 ? set * s.channels : 0, s.channels)) {}

  std::span<float> mean;
  std::span<float> variance;
  std::span<float> running_mean;
  std::span<float> running_variance;
};

void move_statistics(const BatchStatistics& statistics, const StatisticsView& view) {
  const auto count = static_cast<float>(statistics.count);
  const float unbiased = statistics.count > 1 ? count / (count - 1) : 1.0F;
  for (std::size_t c = 0; c < view.mean.size(); ++c) {
    view.running_mean[c] += statistics.momentum * (view.mean[c] - view.running_mean[c]);
    view.running_variance[c] += statistics.momentum * (unbiased * view.variance[c] - view.running_variance[c]);
  }
}

void read_statistics(const StatisticsView& view) {
  std::ranges::copy(view.running_mean, view.mean.begin());
  std::ranges::copy(view.running_variance, view.variance.begin());
}

}  // namespace

struct TrainingPlan::State {
  State(const NetworkSpec& network, std::size_t batch_size, int thread_count, const TrainingOptions& options)
      : spec(network),
        batch(batch_size),
        threads(resolve_threads(thread_count)),
        statistics(options.statistics),
        compiled(compile_within(options.budget, spec, batch, threads, statistics)),
        persistent(compiled.program.persistent_bytes()),
        execution([this] {
          const ThreadScope scope(threads);
          return Execution(compiled.program, persistent.bytes());
        }()) {
    for (std::size_t i = 0; i < compiled.parameters.size(); ++i) {
      const ParameterPlace& place = compiled.parameters[i];
      if (!place.spec.trainable()) continue;
      trainables.push_back({place.spec, execution.floats(place.value), execution.floats(place.gradient)});
      trained.push_back(i);
    }
  }

  const ParameterPlace& trained_place(std::size_t trainable) const {
    assert(trainable < trained.size());
    return compiled.parameters[trained[trainable]];
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
  StatisticsSource statistics;
  std::size_t statistics_set = 0;
  TrainingProgram compiled;
  MemoryBlock persistent;
  Execution execution;
  std::vector<Trainable> trainables;
  std::vector<std::size_t> trained;  // index in compiled.parameters of each trainable
};

TrainingPlan::TrainingPlan(const NetworkSpec& spec, std::size_t batch, int threads, const TrainingOptions& options)
    : state_(std::make_unique<State>(spec, batch, threads, options)) {}
TrainingPlan::~TrainingPlan() = default;
TrainingPlan::TrainingPlan(TrainingPlan&&) noexcept = default;
TrainingPlan& TrainingPlan::operator=(TrainingPlan&&) noexcept = default;

std::size_t TrainingPlan::planned_bytes(const NetworkSpec& spec, std::size_t batch, int threads) {
  return bytes_of(compile(spec, batch, resolve_threads(threads), StatisticsSource::kBatch).program);
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
  return bytes_of(state_->compiled.program);
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

void TrainingPlan::select_statistics(std::size_t set) {
  for (const BatchStatistics& statistics : state_->compiled.statistics)
    if (statistics.sets > 1 && set >= statistics.sets)
      throw InputError(fmt::format("layer {} has {} sets of running statistics; there is no set {}",
                                   statistics.layer + 1, statistics.sets, set));
  state_->statistics_set = set;
}

void TrainingPlan::set_dropout_key(const DropoutKey& key) {
  *state_->compiled.dropout = key;
}

std::span<float> TrainingPlan::input() {
  return state_->execution.floats(state_->compiled.input);
}

std::span<const float> TrainingPlan::forward() {
  const ThreadScope scope(state_->threads);
  const bool given = state_->statistics == StatisticsSource::kRunning;
  const auto view = [this](const BatchStatistics& s) {
    return StatisticsView(s, state_->statistics_set, state_->execution);
  };
  for (const BatchStatistics& statistics : state_->compiled.statistics)
    if (given) read_statistics(view(statistics));
  state_->execution.run(0, state_->compiled.forward_steps);
  for (const BatchStatistics& statistics : state_->compiled.statistics)
    if (!given) move_statistics(statistics, view(statistics));
  ++state_->compiled.dropout->step;
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

void TrainingPlan::set_value(std::size_t trainable, std::span<const float> plain) {
  const ThreadScope scope(state_->threads);
  const ParameterPlace& place = state_->trained_place(trainable);
  assert(plain.size() == place.spec.size());
  copy_layout(place.plain, plain, place.layout, state_->execution.floats(place.value));
}

void TrainingPlan::copy_gradient(std::size_t trainable, std::span<float> plain) const {
  const ThreadScope scope(state_->threads);
  const ParameterPlace& place = state_->trained_place(trainable);
  assert(plain.size() == place.spec.size());
  copy_layout(place.layout, state_->execution.floats(place.gradient), place.plain, plain);
}

// Numbers travel through the reordering in two halves that floats hold exactly, counted from 1: padding stays 0.
std::vector<std::uint32_t> TrainingPlan::layout_order(std::size_t trainable) const {
  constexpr std::uint32_t kHalf = 1u << 16;
  const ThreadScope scope(state_->threads);
  const ParameterPlace& place = state_->trained_place(trainable);
  const std::size_t size = state_->execution.floats(place.value).size();
  std::vector<float> plain(place.spec.size());
  std::vector<float> low(size);
  std::vector<float> high(size);
  for (std::size_t i = 0; i < plain.size(); ++i) plain[i] = static_cast<float>((i + 1) % kHalf);
  copy_layout(place.plain, plain, place.layout, low);
  for (std::size_t i = 0; i < plain.size(); ++i) plain[i] = static_cast<float>((i + 1) >> 16U);
  copy_layout(place.plain, plain, place.layout, high);
  std::vector<std::uint32_t> order(size);
  for (std::size_t i = 0; i < size; ++i)  // 0 - 1 is kPadding
    order[i] = static_cast<std::uint32_t>(high[i]) * kHalf + static_cast<std::uint32_t>(low[i]) - 1;
  return order;
}

std::vector<std::string> TrainingPlan::implementations() const {
  auto names = state_->compiled.program.implementations();
  for (std::size_t i = 0; i < names.size(); ++i)
    names[i] = (i < state_->compiled.forward_steps ? "forward " : "backward ") + names[i];
  return names;
}

}  // namespace outrider::nn
