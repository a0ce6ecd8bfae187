// The tasks of a study, worked out: a pure function of study, data and seed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "learners/data/open.h"
#include "simulations/task_incremental/study.h"

namespace outrider::simulations {

// Owns the pictures that it draws; those of a task are put together when they are asked for. Tasks count from 0.
class TaskSequence {
 public:
  // Throws InputError when the data set lacks what the study asks for.
  TaskSequence(const Study& study, const DatasetPair& data, std::uint64_t seed);

  std::size_t size() const { return plan_.count; }
  // How many classes a task has.
  std::size_t outputs() const;
  // "task-01", "task-02", …: sorted as they are numbered.
  std::string name(std::size_t task) const;

  // Labels count from 0 within the task; classes keep their names. In the network's input shape.
  Dataset train(std::size_t task) const;
  Dataset test(std::size_t task) const;
  // Of the smallest training part.
  std::size_t least_pictures() const;

 private:
  Dataset task_of(const Dataset& pool, std::size_t task) const;
  Dataset classes_of(const Dataset& pool, std::size_t task) const;
  Dataset permuted(Dataset pictures, std::size_t task) const;

  TaskPlan plan_;
  std::uint64_t seed_;
  Dataset train_;
  Dataset test_;
};

}  // namespace outrider::simulations
