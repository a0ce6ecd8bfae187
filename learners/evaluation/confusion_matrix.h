// Which classes a classifier takes for which.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace outrider {

// Counts by (true class, predicted class); classes count from 0. Shares are nothing where their denominator is zero.
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(std::size_t classes);

  std::size_t classes() const { return classes_; }
  // Throws InputError when a class is out of range.
  void add(std::size_t truth, std::size_t predicted, std::uint64_t times = 1);
  // Throws InputError when the classes differ in number.
  ConfusionMatrix& operator+=(const ConfusionMatrix& other);

  std::uint64_t at(std::size_t truth, std::size_t predicted) const;
  std::uint64_t total() const;
  // Examples of the class; examples taken for the class.
  std::uint64_t occurrences(std::size_t truth) const;
  std::uint64_t predictions(std::size_t predicted) const;

  std::optional<double> accuracy() const;
  // Of the examples of the class, the share that was recognised.
  std::optional<double> recall(std::size_t truth) const;
  // Of the examples taken for the class, the share that is of it.
  std::optional<double> precision(std::size_t predicted) const;
  // The mean recall of the classes that occur: accuracy that does not favour frequent classes.
  std::optional<double> balanced_accuracy() const;

 private:
  void require_class(std::size_t index) const;

  std::size_t classes_;
  std::vector<std::uint64_t> counts_;  // classes x classes, a row for each true class
};

}  // namespace outrider
