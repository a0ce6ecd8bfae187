// Learning rates as functions of the step number.
#pragma once

#include <cstdint>
#include <variant>

namespace outrider::nn {

struct ConstantRate {
  bool operator==(const ConstantRate&) const = default;
};
// Multiplied by `factor` after every `every` steps.
struct StepDecay {
  std::uint64_t every = 1;
  double factor = 0.5;
  bool operator==(const StepDecay&) const = default;
};
// From the base to `floor` along half a cosine over `steps` steps, then `floor` (Loshchilov and Hutter 2017).
struct CosineDecay {
  std::uint64_t steps = 1;
  double floor = 0;
  bool operator==(const CosineDecay&) const = default;
};

struct Schedule {
  double base = 1e-3;
  std::uint64_t warm_up = 0;  // steps that rise linearly to the base: base/warm_up, 2 base/warm_up, …
  std::variant<ConstantRate, StepDecay, CosineDecay> decay{};

  bool operator==(const Schedule&) const = default;
  // The rate of step number `step`, from 0. Decay counts from the end of the warm-up. Throws InputError if a period is
  // 0.
  float at(std::uint64_t step) const;
};

}  // namespace outrider::nn
