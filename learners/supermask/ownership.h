// Who may change which weight: the first task in the order that uses it owns it (ExSSNeT: Yadav and Bansal 2022).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "learners/supermask/task_record.h"

namespace outrider {

using NamedTasks = std::vector<std::pair<std::string, TaskRecord>>;

// The order of ownership: by place, then by name. A place is one more than that of the last task which the learner
// knew, so the order extends that of the revisions in which tasks were accepted, and is the same for everybody who
// knows the same tasks, whatever way they arrived.
void sort_by_ownership(NamedTasks& tasks);

// The weights as they stand after some tasks: the owner's values where a task has trained them, the base's elsewhere.
class Ownership {
 public:
  explicit Ownership(const BaseNetwork& base);
  // After these tasks, in any order.
  Ownership(const BaseNetwork& base, NamedTasks tasks);

  // Takes the next task in the order: what nobody owns of its mask becomes its own. A record without values trains
  // nothing and owns nothing.
  void add(const TaskRecord& record);

  // By layer, as BaseNetwork::weight_tensors().
  const std::vector<std::vector<float>>& weights() const { return weights_; }
  const std::vector<std::vector<std::uint8_t>>& owned() const { return owned_; }  // 0 or 1
  // Of the next task.
  std::uint32_t next_place() const { return next_place_; }
  std::size_t owned_count() const;

  bool operator==(const Ownership&) const = default;

 private:
  std::vector<std::vector<float>> weights_;
  std::vector<std::vector<std::uint8_t>> owned_;
  std::uint32_t next_place_ = 1;
};

}  // namespace outrider
