// For tests of worlds: a small base network, and records of tasks over it.
#pragma once

#include "learners/random.h"
#include "learners/supermask/merge.h"
#include "learners/supermask/task_record.h"

namespace outrider::simulations {

inline BaseNetwork base_of_masks() {
  BaseNetwork base;
  base.preprocessing.input = {1, 5, 5};
  base.network = nn::parse_network("input 1x5x5; linear 12 nobias; batchnorm noaffine; relu; linear 3 nobias");
  base.density = 0.3;
  base.seed = 5;
  return base;
}

// Of a task, by its number, as `random` says. Three tasks in a row have the same place.
inline TaskRecord drawn_record(Random random, std::size_t task) {
  const BaseNetwork base = base_of_masks();
  TaskRecord record;
  record.classes = {"left", "right"};
  record.examples = 1 + random.below(50);
  record.place = static_cast<std::uint32_t>(1 + task / 3);
  for (const nn::TensorSpec& tensor : base.weight_tensors()) {
    LayerMask& layer = record.layers.emplace_back();
    for (std::size_t i = 0; i < tensor.size(); ++i) {
      const bool kept = i == 0 || random.below(10) < 3;
      layer.kept.push_back(kept ? 1 : 0);
      if (!kept) continue;
      layer.values.push_back(random.normal());
      layer.ranks.push_back(static_cast<std::uint8_t>(random.below(kRankLevels)));
    }
  }
  for (const nn::TensorSpec& tensor : statistics_tensors(base.network))
    for (std::size_t i = 0; i < tensor.size(); ++i) record.statistics.push_back(random.uniform());
  return record;
}

}  // namespace outrider::simulations
