#include <algorithm>
#include <atomic>
#include <cassert>
#include <exception>

#include <fmt/format.h>
#include <omp.h>

#include "knowledge/error.h"
#include "learners/nn/inference_compiler.h"
#include "learners/nn/plan.h"
#include "learners/nn/threads.h"

namespace outrider::nn {
namespace {

// One sample, one thread: the arithmetic cannot depend on anything else.
InferenceProgram compile(const NetworkSpec& spec) {
  const ThreadScope scope(1);
  return compile_inference(spec, 1);
}

std::size_t bytes_of(const Program& program, int threads) {
  return program.persistent_bytes() + static_cast<std::size_t>(threads) * program.execution_bytes();
}

InferenceProgram compile_within(const MemoryBudget& budget, const NetworkSpec& spec, int threads) {
  InferenceProgram compiled = compile(spec);
  const std::size_t needed = bytes_of(compiled.program, threads);
  if (needed > budget.bytes)
    throw InputError(fmt::format("inference with {} on {} threads needs {} bytes of memory; {} are allowed",
                                 budget.network, threads, needed, budget.bytes));
  return compiled;
}

void check_set(const NetworkSpec& spec, std::size_t set) {
  for (std::size_t i = 0; i < spec.layers.size(); ++i) {
    const auto* norm = std::get_if<BatchNorm>(&spec.layers[i]);
    if (norm != nullptr && norm->sets > 1 && set >= static_cast<std::size_t>(norm->sets))
      throw InputError(
          fmt::format("layer {} has {} sets of running statistics; there is no set {}", i + 1, norm->sets, set));
  }
}

}  // namespace

struct InferencePlan::State {
  State(const NetworkSpec& network, int thread_count, const MemoryBudget& budget)
      : spec(network),
        threads(resolve_threads(thread_count)),
        compiled(compile_within(budget, spec, threads)),
        persistent(compiled.program.persistent_bytes()) {
    const ThreadScope scope(1);
    lanes.reserve(static_cast<std::size_t>(threads));
    for (int i = 0; i < threads; ++i) lanes.emplace_back(compiled.program, persistent.bytes());
  }

  void run(Execution& lane, std::size_t index, const Fill& fill, std::span<float> output) {
    fill(index, lane.floats(compiled.input));
    lane.run(0, compiled.program.step_count());
    const auto result = lane.floats(compiled.output);
    std::ranges::copy(result, output.subspan(index * result.size(), result.size()).begin());
  }

  NetworkSpec spec;
  int threads;
  InferenceProgram compiled;
  MemoryBlock persistent;
  std::vector<Execution> lanes;  // one per thread
};

InferencePlan::InferencePlan(const NetworkSpec& spec, const Parameters& parameters, int threads,
                             const MemoryBudget& budget) {
  parameters.check(spec);
  state_ = std::make_unique<State>(spec, threads, budget);
  load(parameters);
}
InferencePlan::~InferencePlan() = default;
InferencePlan::InferencePlan(InferencePlan&&) noexcept = default;
InferencePlan& InferencePlan::operator=(InferencePlan&&) noexcept = default;

std::size_t InferencePlan::planned_bytes(const NetworkSpec& spec, int threads) {
  return bytes_of(compile(spec).program, resolve_threads(threads));
}

const NetworkSpec& InferencePlan::spec() const {
  return state_->spec;
}
std::size_t InferencePlan::output_size() const {
  return state_->lanes.front().floats(state_->compiled.output).size();
}
int InferencePlan::threads() const {
  return state_->threads;
}
std::size_t InferencePlan::bytes() const {
  return bytes_of(state_->compiled.program, state_->threads);
}

void InferencePlan::load(const Parameters& parameters, std::size_t statistics) {
  parameters.check(state_->spec);
  check_set(state_->spec, statistics);
  const ThreadScope scope(1);
  load_inference(state_->spec, parameters, statistics, state_->compiled, state_->lanes.front());
}

void InferencePlan::forward(std::span<const float> input, std::span<float> output) {
  const std::size_t size = state_->spec.input.size();
  assert(input.size() % size == 0);
  forward(
      input.size() / size,
      [&](std::size_t index, std::span<float> values) {
        std::ranges::copy(input.subspan(index * size, size), values.begin());
      },
      output);
}

void InferencePlan::forward(std::size_t count, const Fill& fill, std::span<float> output) {
  assert(output.size() == count * output_size());
  std::exception_ptr failure;  // an exception must not leave a parallel region
  std::atomic<bool> failed = false;
  const auto attempt = [&](Execution& lane, std::size_t index) {
    if (failed.load(std::memory_order_relaxed)) return;
    try {
      state_->run(lane, index, fill, output);
    } catch (...) {
      if (!failed.exchange(true)) failure = std::current_exception();
    }
  };
  const int lanes = static_cast<int>(std::min<std::size_t>(count, static_cast<std::size_t>(state_->threads)));
  if (lanes > 0) {
#pragma omp parallel num_threads(lanes)
    {
      const ThreadScope scope(1);
#pragma omp for schedule(static)
      for (std::size_t i = 0; i < count; ++i) attempt(state_->lanes[static_cast<std::size_t>(omp_get_thread_num())], i);
    }
  }
  if (failure) std::rethrow_exception(failure);
}

std::vector<std::string> InferencePlan::implementations() const {
  return state_->compiled.program.implementations();
}

}  // namespace outrider::nn
