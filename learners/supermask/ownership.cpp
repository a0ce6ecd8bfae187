#include "learners/supermask/ownership.h"

#include <algorithm>
#include <cassert>
#include <tuple>

namespace outrider {

void sort_by_ownership(NamedTasks& tasks) {
  std::ranges::sort(tasks, [](const auto& a, const auto& b) {
    return std::tie(a.second.place, a.first) < std::tie(b.second.place, b.first);
  });
}

Ownership::Ownership(const BaseNetwork& base) : weights_(base.weight_values()) {
  for (const auto& layer : weights_) owned_.emplace_back(layer.size(), std::uint8_t{0});
}

Ownership::Ownership(const BaseNetwork& base, NamedTasks tasks) : Ownership(base) {
  sort_by_ownership(tasks);
  for (const auto& [name, record] : tasks) add(record);
}

void Ownership::add(const TaskRecord& record) {
  assert(record.layers.size() == weights_.size());
  next_place_ = std::max(next_place_, record.place + 1);
  if (!record.has_values()) return;
  for (std::size_t layer = 0; layer < weights_.size(); ++layer) {
    const LayerMask& mask = record.layers[layer];
    mask.for_each_kept([&](std::size_t i, std::size_t number) {
      if (owned_[layer][i] == 0) weights_[layer][i] = mask.values[number];
      owned_[layer][i] = 1;
    });
  }
}

std::size_t Ownership::owned_count() const {
  std::size_t count = 0;
  for (const auto& layer : owned_) count += static_cast<std::size_t>(std::ranges::count(layer, 1));
  return count;
}

}  // namespace outrider
