// How well a continual learner keeps what it learned: metrics over R[t][j], the test accuracy on task j after learning
// task t (Lopez-Paz and Ranzato 2017; forgetting as in Chaudhry et al. 2018).
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace outrider {

// Tasks count from 0 to tasks()-1 here, T = tasks(). Accuracies are shares in [0, 1]. Metrics are nothing while a
// figure that they need is missing, or where they are not defined (all but average_accuracy() need two tasks).
class AccuracyMatrix {
 public:
  // At least one task. Throws InputError otherwise.
  explicit AccuracyMatrix(std::size_t tasks);

  std::size_t tasks() const { return untrained_.size(); }

  // Throw InputError when a task is out of range or the accuracy is no share.
  void record(std::size_t learned, std::size_t judged, double accuracy);
  void record_untrained(std::size_t judged, double accuracy);

  // R[learned][judged].
  std::optional<double> at(std::size_t learned, std::size_t judged) const;

  // ACC: the mean of the last row, R[T-1][j] over all j.
  std::optional<double> average_accuracy() const;
  // F: over j < T-1, the mean of (the best R[t][j] of the rows t < T-1) - R[T-1][j]. Rows in which j was not judged do
  // not take part in the best; R[j][j] must be there.
  std::optional<double> forgetting() const;
  // BWT: over j < T-1, the mean of R[T-1][j] - R[j][j]. Negative where learning later tasks harmed earlier ones.
  std::optional<double> backward_transfer() const;
  // FWT: over j > 0, the mean of R[j-1][j] - (accuracy of the untrained model on j).
  std::optional<double> forward_transfer() const;

 private:
  void require_task(std::size_t task) const;

  std::vector<std::optional<double>> accuracies_;  // tasks x tasks, a row for each learned task
  std::vector<std::optional<double>> untrained_;
};

}  // namespace outrider
