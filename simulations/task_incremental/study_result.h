// What one method of a study has come to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "learners/evaluation/accuracy_matrix.h"
#include "learners/evaluation/summary.h"
#include "simulations/task_incremental/study.h"

namespace outrider::simulations {

// The share of batches of pictures whose task was found without its name.
struct TasksFound {
  double one_shot = 0;
  double binary_search = 0;
};

// What only masks have.
struct MaskFigures {
  // The mean over all pairs of tasks of |A and B| / min(|A|, |B|), A and B being the weights that each uses, of all
  // layers together.
  double overlap = 0;
  double owned = 0;  // share of the weights that some task has trained, after the last
  // Whether a client that joined after the last task computes, for every test picture of every task, the very bits that
  // the task's teacher computed right after learning it.
  bool late_joiner_exact = false;
  std::optional<TasksFound> found;  // nothing where the network has batch norms: masks cannot be mixed there
};

// A method, at one density, with one seed.
struct StudyRun {
  std::uint64_t seed = 0;
  AccuracyMatrix accuracies;         // told the task
  double seconds_per_task = 0;       // from pictures to everybody's having caught up
  double merged_bytes_per_task = 0;  // what a client gets from the aggregator
  double sent_bytes_per_task = 0;    // what the teacher sends
  std::optional<MaskFigures> masks{};
};

struct StudyResult {
  StudyMethod method{};
  std::optional<double> density{};
  std::vector<StudyRun> runs{};  // one per seed

  std::string label() const;                       // "exssnet at 0.05"
  std::string label_of(std::uint64_t seed) const;  // "exssnet at 0.05 with seed 1"
  // Of a figure of every run.
  template <typename Figure>
  Summary over_seeds(Figure&& figure) const {
    std::vector<double> values;
    for (const StudyRun& run : runs) values.push_back(figure(run));
    return summarise(values);
  }
  Summary accuracy() const;    // average over the tasks, after the last
  Summary forgetting() const;  // as AccuracyMatrix
  // Average over the tasks so far, after task `learned`.
  Summary accuracy_after(std::size_t learned) const;
  Summary merged_bytes() const;  // for each task, as the others
  Summary sent_bytes() const;
  Summary seconds() const;

  // Whether every run is of masks; only then is the next asked for.
  bool has_masks() const;
  Summary overlap() const;
  Summary owned() const;
  bool all_late_joiners_exact() const;
  // Whether every run found tasks without their names; only then are the next asked for.
  bool finds_tasks() const;
  Summary one_shot() const;
  Summary binary_search() const;
};

}  // namespace outrider::simulations
