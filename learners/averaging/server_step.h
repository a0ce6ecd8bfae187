// The server's rule on one tensor. Internal to this folder.
#pragma once

#include <span>

#include "learners/averaging/combine.h"

namespace outrider::averaging {

// Where the numbers of a tensor lie; empty where the rule needs none.
struct StepValues {
  std::span<float> weights;
  std::span<float> momentum;
  std::span<float> second;
};

// values += rate * combined, where that is known.
void move_by(std::span<float> values, const Combined& combined, double rate);

// One step of the strategy's rule, computed in double from the float32 state.
void server_step(const Strategy& strategy, const Combined& combined, const StepValues& values);

}  // namespace outrider::averaging
