// Which known task helps most with a new one: k-nearest-neighbour knowledge transfer (Yadav and Bansal 2022).
#pragma once

#include <optional>

#include "learners/data/dataset.h"
#include "learners/supermask/ownership.h"

namespace outrider {

struct TransferOptions {
  double share = 0.2;       // of the new task's pictures that are looked at
  double reference = 0.66;  // of those, the part whose labels are known to the neighbours; the rest is classified
  std::size_t neighbours = 10;
  std::uint64_t seed = 0;
  int threads = 0;  // 0: one per processor; not part of the result

  // Throws InputError when a field is out of its range.
  void check() const;
};

struct Transfer {
  std::size_t task = 0;  // index into the known tasks
  double accuracy = 0;   // of the neighbours on the new task's features under that task's mask
};

// The known task under whose mask the features of the new pictures (the values that the last layer, fully connected,
// reads) tell its classes apart best; the first of equals. Nothing when there is none, none is better than chance (one
// out of the classes), or less than two pictures are there. Which pictures are looked at depends on the seed alone. The
// known tasks are of this base. Throws InputError when the new task's pictures or classes do not fit the base network,
// or its last layer with weights is not fully connected. Its cost grows with the square of the pictures looked at.
std::optional<Transfer> best_transfer(const BaseNetwork& base, const NamedTasks& known, const Dataset& task,
                                      const TransferOptions& options = {});

}  // namespace outrider
