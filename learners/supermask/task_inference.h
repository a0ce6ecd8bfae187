// Which task pictures belong to, when nobody says (SupSup, Wortsman et al. 2020): the network mixes all masks, and the
// gradient of its output's entropy tells which one to trust more.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "learners/data/dataset.h"
#include "learners/supermask/ownership.h"

namespace outrider {

enum class TaskInferenceMethod : std::uint8_t {
  one_shot,       // the steepest fall of the entropy at the even mix: one forward and backward pass
  binary_search,  // keeps the better half until one is left: log2 T passes
};

// All tasks of one base, in memory with 8 bytes for each weight that each of them keeps. Batch norms use the statistics
// of the batch, as no task's are known to fit: batches should not be tiny then. The entropy is over all outputs of the
// base. Used by one thread at a time.
class TaskInference {
 public:
  // `batch`: how many pictures are judged together. Throws InputError when there is no task, one does not fit the base,
  // or the batch is empty. Results may depend on the threads as training does, see learners/nn/README.md.
  TaskInference(const BaseNetwork& base, const NamedTasks& tasks, std::size_t batch, int threads = 0);
  ~TaskInference();

  // The index of the task that the pictures at `indices`, as many as the batch, come from, all from one; the first of
  // equals. Labels are not looked at. Throws InputError when the pictures are not the base's.
  std::size_t infer(const Dataset& pictures, std::span<const std::size_t> indices, TaskInferenceMethod method);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace outrider
