#include "learners/evaluation/accuracy_matrix.h"

#include <algorithm>
#include <string>

#include "knowledge/error.h"

namespace outrider {
namespace {

void require_share(double accuracy) {
  if (!(accuracy >= 0 && accuracy <= 1))
    throw InputError("an accuracy of " + std::to_string(accuracy) + " was recorded; expected a share from 0 to 1");
}

// The mean of term(i) over first <= i < last; nothing where there is none or one of them is missing.
template <typename Term>
std::optional<double> mean_over(std::size_t first, std::size_t last, Term&& term) {
  if (first >= last) return std::nullopt;
  double sum = 0;
  for (std::size_t i = first; i < last; ++i) {
    const std::optional<double> value = term(i);
    if (!value) return std::nullopt;
    sum += *value;
  }
  return sum / static_cast<double>(last - first);
}

std::optional<double> difference(std::optional<double> a, std::optional<double> b) {
  if (!a || !b) return std::nullopt;
  return *a - *b;
}

}  // namespace

AccuracyMatrix::AccuracyMatrix(std::size_t tasks) : accuracies_(tasks * tasks), untrained_(tasks) {
  if (tasks == 0) throw InputError("continual learning is judged over at least one task, not 0");
}

void AccuracyMatrix::require_task(std::size_t task) const {
  if (task >= tasks())
    throw InputError("task " + std::to_string(task) + " does not exist; there are " + std::to_string(tasks()) +
                     ", counted from 0");
}

void AccuracyMatrix::record(std::size_t learned, std::size_t judged, double accuracy) {
  require_task(learned);
  require_task(judged);
  require_share(accuracy);
  accuracies_[learned * tasks() + judged] = accuracy;
}

void AccuracyMatrix::record_untrained(std::size_t judged, double accuracy) {
  require_task(judged);
  require_share(accuracy);
  untrained_[judged] = accuracy;
}

std::optional<double> AccuracyMatrix::at(std::size_t learned, std::size_t judged) const {
  require_task(learned);
  require_task(judged);
  return accuracies_[learned * tasks() + judged];
}

std::optional<double> AccuracyMatrix::average_accuracy() const {
  return mean_over(0, tasks(), [&](std::size_t j) { return at(tasks() - 1, j); });
}

std::optional<double> AccuracyMatrix::forgetting() const {
  return mean_over(0, tasks() - 1, [&](std::size_t j) {
    std::optional<double> best = at(j, j);
    for (std::size_t t = 0; best && t + 1 < tasks(); ++t) best = std::max(*best, at(t, j).value_or(0));
    return difference(best, at(tasks() - 1, j));
  });
}

std::optional<double> AccuracyMatrix::backward_transfer() const {
  return mean_over(0, tasks() - 1, [&](std::size_t j) { return difference(at(tasks() - 1, j), at(j, j)); });
}

std::optional<double> AccuracyMatrix::forward_transfer() const {
  return mean_over(1, tasks(), [&](std::size_t j) { return difference(at(j - 1, j), untrained_[j]); });
}

}  // namespace outrider
