// Answers from the state of a client that learns tasks.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "client/class_shares.h"
#include "learners/data/image.h"
#include "learners/supermask/task_inference.h"
#include "learners/supermask/task_network.h"
#include "storage/store.h"

namespace outrider::client {

struct TaskAnswer : LikelyClasses {
  std::string task;
};

// A snapshot of a state, which may go on changing. Used by one thread at a time.
class TaskPredictor {
 public:
  // With the task's name; without one, the only task that is known, or each picture's task is inferred if `infer`.
  // Throws InputError when the state knows no task, not this one, or several where none may be inferred, as it is where
  // the base network has batch norm.
  TaskPredictor(const Store& store, const std::optional<std::string>& task, bool infer = false, int threads = 1);

  // A picture of any size.
  TaskAnswer predict(const Image& picture);

 private:
  void switch_to(std::size_t task);

  BaseNetwork base_;
  NamedTasks tasks_;
  TaskNetwork network_;
  std::unique_ptr<TaskInference> inference_;  // none: the task is told
  std::optional<std::size_t> current_;
};

}  // namespace outrider::client
