#include "learners/nn/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "knowledge/error.h"

namespace outrider::nn {
namespace {

struct RateAfter {
  double base;
  std::uint64_t step;

  double operator()(const ConstantRate&) const { return base; }
  double operator()(const StepDecay& decay) const {
    if (decay.every == 0) throw InputError("the step decay has a period of 0 steps; expected at least 1");
    return base * std::pow(decay.factor, static_cast<double>(step / decay.every));
  }
  double operator()(const CosineDecay& decay) const {
    if (decay.steps == 0) throw InputError("the cosine decay lasts 0 steps; expected at least 1");
    const double progress = std::min(1.0, static_cast<double>(step) / static_cast<double>(decay.steps));
    return decay.floor + (base - decay.floor) * 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
  }
};

}  // namespace

float Schedule::at(std::uint64_t step) const {
  if (step < warm_up) return static_cast<float>(base * static_cast<double>(step + 1) / static_cast<double>(warm_up));
  return static_cast<float>(std::visit(RateAfter{base, step - warm_up}, decay));
}

}  // namespace outrider::nn
