// What a study has found: as a table, JSON, CSV and a curve.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "learners/evaluation/accuracy_matrix.h"
#include "learners/evaluation/summary.h"
#include "simulations/study.h"

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

  std::string label() const;  // "exssnet at 0.05"
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
};

struct StudyReport {
  Study study;
  std::string data_source;
  std::string data_sha256;
  std::size_t dense_bytes = 0;   // of a dense network's float32 values
  std::size_t mask_weights = 0;  // that masks choose from
  std::vector<StudyResult> results;
};

void print_summary(const StudyReport& report, std::ostream& stream);
// report.json, accuracies.csv, accuracy.svg. Throws InputError when they cannot be written.
void save(const StudyReport& report, const std::filesystem::path& directory);

}  // namespace outrider::simulations
