#include "learners/evaluation/confusion_matrix.h"

#include <numeric>
#include <string>

#include "knowledge/error.h"

namespace outrider {
namespace {

std::optional<double> share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

ConfusionMatrix::ConfusionMatrix(std::size_t classes) : classes_(classes), counts_(classes * classes) {}

void ConfusionMatrix::require_class(std::size_t index) const {
  if (index >= classes_)
    throw InputError("class " + std::to_string(index) + " does not exist; there are " + std::to_string(classes_) +
                     ", counted from 0");
}

void ConfusionMatrix::add(std::size_t truth, std::size_t predicted, std::uint64_t times) {
  require_class(truth);
  require_class(predicted);
  counts_[truth * classes_ + predicted] += times;
}

ConfusionMatrix& ConfusionMatrix::operator+=(const ConfusionMatrix& other) {
  if (other.classes_ != classes_)
    throw InputError("a confusion matrix of " + std::to_string(other.classes_) + " classes was added to one of " +
                     std::to_string(classes_));
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  return *this;
}

std::uint64_t ConfusionMatrix::at(std::size_t truth, std::size_t predicted) const {
  require_class(truth);
  require_class(predicted);
  return counts_[truth * classes_ + predicted];
}

std::uint64_t ConfusionMatrix::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

std::uint64_t ConfusionMatrix::occurrences(std::size_t truth) const {
  std::uint64_t sum = 0;
  for (std::size_t k = 0; k < classes_; ++k) sum += at(truth, k);
  return sum;
}

std::uint64_t ConfusionMatrix::predictions(std::size_t predicted) const {
  std::uint64_t sum = 0;
  for (std::size_t k = 0; k < classes_; ++k) sum += at(k, predicted);
  return sum;
}

std::optional<double> ConfusionMatrix::accuracy() const {
  std::uint64_t right = 0;
  for (std::size_t k = 0; k < classes_; ++k) right += at(k, k);
  return share(right, total());
}

std::optional<double> ConfusionMatrix::recall(std::size_t truth) const {
  return share(at(truth, truth), occurrences(truth));
}

std::optional<double> ConfusionMatrix::precision(std::size_t predicted) const {
  return share(at(predicted, predicted), predictions(predicted));
}

std::optional<double> ConfusionMatrix::balanced_accuracy() const {
  double sum = 0;
  std::size_t occurring = 0;
  for (std::size_t k = 0; k < classes_; ++k)
    if (const auto value = recall(k)) {
      sum += *value;
      ++occurring;
    }
  if (occurring == 0) return std::nullopt;
  return sum / static_cast<double>(occurring);
}

}  // namespace outrider
