// What a client is asked to train by itself, as a task says it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace outrider::training {

// How much a client trains in a round.
struct LocalWork {
  std::size_t batch = 32;   // pictures; all of them where there are fewer
  std::size_t epochs = 1;   // at least 1
  std::uint64_t steps = 0;  // if positive, so many batches instead of epochs
  float rate = 0.05F;       // constant within a round
  bool nested = false;  // then the same again with a narrower part that others train: see averaging::train_locally()
  bool masked = false;  // classes that a client has no pictures of are left out of its loss (nn/loss.h)

  bool operator==(const LocalWork&) const = default;
  // Throws InputError, beginning with `what`, when a field is out of its range.
  void check(const std::string& what) const;
};

}  // namespace outrider::training
