#include "learners/nn/optimizer.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/nn/threads.h"

namespace outrider::nn {
namespace {

constexpr std::size_t kParallel = 1u << 14;  // tensors below this are quicker on one thread
constexpr std::size_t kBlock = 1024;         // values whose squares one partial sum holds

void check(const OptimizerOptions& o) {
  const auto fraction = [](float value) { return value >= 0 && value < 1; };
  require(fraction(o.momentum), fmt::format("momentum is {}; expected at least 0 and less than 1", o.momentum));
  require(fraction(o.beta1), fmt::format("beta1 is {}; expected at least 0 and less than 1", o.beta1));
  require(fraction(o.beta2), fmt::format("beta2 is {}; expected at least 0 and less than 1", o.beta2));
  require(std::isfinite(o.epsilon) && o.epsilon > 0, fmt::format("epsilon is {}; expected more than 0", o.epsilon));
  require(std::isfinite(o.weight_decay) && o.weight_decay >= 0,
          fmt::format("weight decay is {}; expected at least 0", o.weight_decay));
  require(std::isfinite(o.gradient_norm) && o.gradient_norm >= 0,
          fmt::format("the gradient norm limit is {}; expected at least 0", o.gradient_norm));
}

double sum_of_squares(std::span<const float> values) {
  double total = 0;
  for (std::size_t begin = 0; begin < values.size(); begin += kBlock) {
    const auto block = values.subspan(begin, std::min(kBlock, values.size() - begin));
    double lanes[8] = {};
    std::size_t i = 0;
    for (; i + 8 <= block.size(); i += 8)
      for (std::size_t lane = 0; lane < 8; ++lane)
        lanes[lane] += static_cast<double>(block[i + lane]) * static_cast<double>(block[i + lane]);
    for (; i < block.size(); ++i) lanes[0] += static_cast<double>(block[i]) * static_cast<double>(block[i]);
    for (const double lane : lanes) total += lane;
  }
  return total;
}

}  // namespace

double gradient_norm(std::span<const Trainable> trainables) {
  double total = 0;
  for (const Trainable& trainable : trainables) total += sum_of_squares(trainable.gradient);
  return std::sqrt(total);
}

Optimizer::Optimizer(TrainingPlan& plan, const OptimizerOptions& options)
    : Optimizer(plan.trainables(), options, plan.threads()) {}

Optimizer::Optimizer(std::span<const Trainable> trainables, const OptimizerOptions& options, int threads)
    : trainables_(trainables.begin(), trainables.end()), options_(options), threads_(resolve_threads(threads)) {
  check(options);
  for (const Trainable& trainable : trainables_) {
    Moments moments;
    moments.first.resize(trainable.value.size());
    if (options.method != Method::kSgd) moments.second.resize(trainable.value.size());
    state_.moments.push_back(std::move(moments));
  }
}

void Optimizer::restore(OptimizerState state) {
  require(
      state.moments.size() == state_.moments.size(),
      fmt::format("the optimizer's state is of {} tensors; expected {}", state.moments.size(), state_.moments.size()));
  for (std::size_t i = 0; i < state.moments.size(); ++i) {
    const Moments &given = state.moments[i], &own = state_.moments[i];
    require(given.first.size() == own.first.size() && given.second.size() == own.second.size() &&
                std::ranges::all_of(given.first, [](float value) { return std::isfinite(value); }) &&
                std::ranges::all_of(given.second, [](float value) { return value >= 0; }),
            fmt::format("the optimizer's state of {} is not {} finite means, with variances that are not negative",
                        trainables_[i].spec.name, own.first.size()));
  }
  state_ = std::move(state);
}

void Optimizer::step(float rate) {
  assert(rate >= 0);
  ++state_.steps;
  if (options_.gradient_norm > 0) {
    const double norm = gradient_norm(trainables_);
    if (norm > options_.gradient_norm) {
      const auto factor = static_cast<float>(options_.gradient_norm / norm);
      for (const Trainable& trainable : trainables_)
        for (float& gradient : trainable.gradient) gradient *= factor;
    }
  }
  for (std::size_t i = 0; i < trainables_.size(); ++i) update(trainables_[i], state_.moments[i], rate);
}

void Optimizer::update(const Trainable& trainable, Moments& moments, float rate) const {
  const ThreadScope scope(threads_);
  const bool decays = options_.decay_everything || trainable.spec.role == TensorRole::kWeight;
  const float decay = decays ? options_.weight_decay : 0.0F;
  const std::size_t size = trainable.value.size();
  float* const value = trainable.value.data();
  const float* const gradient = trainable.gradient.data();
  float* const first = moments.first.data();

  if (options_.method == Method::kSgd) {
    const float momentum = options_.momentum;
    const bool nesterov = options_.nesterov;
#pragma omp parallel for simd if (size >= kParallel) schedule(static)
    for (std::size_t i = 0; i < size; ++i) {
      const float slope = gradient[i] + decay * value[i];
      first[i] = momentum * first[i] + slope;
      value[i] -= rate * (nesterov ? slope + momentum * first[i] : first[i]);
    }
    return;
  }
  const auto count = static_cast<double>(state_.steps);
  const auto correction1 = static_cast<float>(1.0 - std::pow(static_cast<double>(options_.beta1), count));
  const auto correction2 =
      static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(static_cast<double>(options_.beta2), count)));
  const float beta1 = options_.beta1;
  const float beta2 = options_.beta2;
  const float epsilon = options_.epsilon;
  const float pace = rate / correction1;
  const float coupled = options_.method == Method::kAdam ? decay : 0.0F;
  const float kept = options_.method == Method::kAdamW ? 1.0F - rate * decay : 1.0F;
  float* const second = moments.second.data();
#pragma omp parallel for simd if (size >= kParallel) schedule(static)
  for (std::size_t i = 0; i < size; ++i) {
    const float slope = gradient[i] + coupled * value[i];
    first[i] = beta1 * first[i] + (1.0F - beta1) * slope;
    second[i] = beta2 * second[i] + (1.0F - beta2) * slope * slope;
    value[i] = kept * value[i] - pace * first[i] / (std::sqrt(second[i]) * correction2 + epsilon);
  }
}

}  // namespace outrider::nn
