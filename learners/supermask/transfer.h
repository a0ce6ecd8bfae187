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
  int threads = 0;
};

struct Transfer {
  std::size_t task = 0;  // index into the known tasks
  double accuracy = 0;   // of the neighbours on the new task's features under that task's mask
};

// The known task under whose mask the features of the new pictures (the values before the last layer) tell its classes
// apart best; the first of equals. Nothing when there is none, or none is better than chance.
std::optional<Transfer> best_transfer(const BaseNetwork& base, const NamedTasks& known, const Dataset& task,
                                      const TransferOptions& options = {});

}  // namespace outrider
