#include "learners/nn/schedule.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include <fmt/format.h>

#include "knowledge/error.h"

namespace outrider::nn {
namespace {

struct RateAfter {
  double base;
  std::uint64_t step;

  double operator()(const ConstantRate&) const { return base; }
  double operator()(const StepDecay& decay) const {
    if (decay.every == 0) throw InputError("the step decay has a period of 0 steps; expected at least 1");
    const std::uint64_t decays = step / decay.every;
    return base * std::pow(decay.factor, static_cast<double>(decays));
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

PlateauRate::PlateauRate(double base, const PlateauOptions& options)
    : options_(options), rate_(base), best_(std::numeric_limits<double>::infinity()) {
  require(std::isfinite(base) && base > 0, fmt::format("the learning rate is {}; expected more than 0", base));
  require(options.factor > 0 && options.factor < 1,
          fmt::format("the plateau factor is {}; expected more than 0 and less than 1", options.factor));
  require(options.threshold >= 0 && options.threshold < 1,
          fmt::format("the plateau threshold is {}; expected at least 0 and less than 1", options.threshold));
  require(options.floor >= 0 && options.floor <= base,
          fmt::format("the floor of the learning rate is {}; expected 0 to {}", options.floor, base));
}

bool PlateauRate::observe(double loss) {
  const double wanted = best_ > 0 ? best_ * (1 - options_.threshold) : best_;
  if (loss < wanted) {
    best_ = loss;
    waited_ = 0;
    return false;
  }
  if (++waited_ <= options_.patience) return false;
  waited_ = 0;
  const double before = rate_;
  rate_ = std::max(options_.floor, rate_ * options_.factor);
  return rate_ < before;
}

}  // namespace outrider::nn
