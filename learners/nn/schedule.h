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

struct PlateauOptions {
  double factor = 0.1;          // the rate is multiplied by it when the loss no longer falls
  std::uint64_t patience = 10;  // observations without improvement that are forgiven
  double threshold = 1e-4;      // an improvement is a loss below best * (1 - threshold); below best if that is <= 0
  double floor = 0;             // of the rate
  bool operator==(const PlateauOptions&) const = default;
};

// A rate that falls when a loss stops falling: told the loss of the held-out data, say, once an epoch.
class PlateauRate {
 public:
  // Throws InputError unless base > 0, 0 < factor < 1, 0 <= threshold < 1 and 0 <= floor <= base.
  explicit PlateauRate(double base, const PlateauOptions& options = {});

  float rate() const { return static_cast<float>(rate_); }
  // A NaN is no improvement. Returns whether the rate fell.
  bool observe(double loss);

 private:
  PlateauOptions options_;
  double rate_;
  double best_;
  std::uint64_t waited_ = 0;
};

}  // namespace outrider::nn
