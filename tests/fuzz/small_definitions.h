// Definitions so small that what is learned with them fits into an input.
#pragma once

#include "learners/averaging/learning_task.h"
#include "learners/growing/growing_task.h"

namespace outrider::fuzz {

inline averaging::LearningTask small_learning_task() {
  averaging::LearningTask task;
  task.preprocessing = {{1, 2, 2}, false, 0.5F, 0.5F};
  task.network = nn::parse_network("input 1x2x2; conv 2 k1; batchnorm; relu; flatten; linear 2");
  task.classes = {"cat", "dog"};
  task.strategy = averaging::parse_strategy("fedavg rate 1");
  return task;
}

inline growing::GrowingTask small_growing_task() {
  growing::GrowingTask task;
  task.preprocessing = {{1, 2, 2}, false, 0.5F, 0.5F};
  task.small = {.part = nn::parse_network("input 1x2x2; conv 2 k1; batchnorm; relu; flatten; linear 2"),
                .templates = 1,
                .parts = 1};
  task.classes = {"cat", "dog"};
  return task;
}

}  // namespace outrider::fuzz
