// Where a training loop takes its batches from, in an order that seeds decide.
#pragma once

#include <cstdint>
#include <functional>

#include "learners/encoders/batches.h"

namespace outrider::training {

struct BatchSource {
  std::function<const Batch&()> next;  // valid until the next call; without an end
  std::uint64_t per_epoch = 1;
};

// Refers to the batches.
inline BatchSource source_of(Batches& batches) {
  return {[&batches]() -> const Batch& { return batches.next(); }, batches.batches_per_epoch()};
}

}  // namespace outrider::training
