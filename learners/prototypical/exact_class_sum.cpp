#include "learners/prototypical/exact_class_sum.h"

#include <cassert>

namespace outrider {

ExactClassSum::ExactClassSum(std::size_t dimension) : sum_(dimension) {}

ExactClassSum::Squares ExactClassSum::squares_of_mean(double sum, std::uint64_t count) {
  return Squares(sum * sum / static_cast<double>(count));
}

void ExactClassSum::add(const ClassState& state) {
  assert(state.dimension() == sum_.size() && states_ < kMaxContributors);
  count_ += state.count;
  ++states_;
  for (std::size_t j = 0; j < sum_.size(); ++j) sum_[j] += Sum(static_cast<double>(state.sum[j]));
  if (!state.keeps_deviations()) return;
  ++states_with_deviations_;
  squares_.resize(sum_.size());
  for (std::size_t j = 0; j < squares_.size(); ++j) {
    squares_[j] += Squares(static_cast<double>(state.deviations[j]));
    squares_[j] += squares_of_mean(static_cast<double>(state.sum[j]), state.count);
  }
}

void ExactClassSum::subtract(const ClassState& state) {
  assert(state.dimension() == sum_.size() && states_ > 0 && count_ >= state.count);
  count_ -= state.count;
  --states_;
  for (std::size_t j = 0; j < sum_.size(); ++j) sum_[j] -= Sum(static_cast<double>(state.sum[j]));
  if (!state.keeps_deviations()) return;
  --states_with_deviations_;
  for (std::size_t j = 0; j < squares_.size(); ++j) {
    squares_[j] -= Squares(static_cast<double>(state.deviations[j]));
    squares_[j] -= squares_of_mean(static_cast<double>(state.sum[j]), state.count);
  }
}

ClassState ExactClassSum::state() const {
  assert(states_ > 0);
  ClassState merged{count_, std::vector<float>(sum_.size()), {}};
  for (std::size_t j = 0; j < sum_.size(); ++j) merged.sum[j] = sum_[j].to_float();
  if (states_with_deviations_ < states_) return merged;
  merged.deviations.resize(sum_.size());
  for (std::size_t j = 0; j < sum_.size(); ++j) {
    Squares deviations = squares_[j];
    deviations -= squares_of_mean(sum_[j].to_double(), count_);
    // The quanta can leave a class without spread slightly below zero.
    merged.deviations[j] = deviations.negative() ? 0.0f : deviations.to_float();
  }
  return merged;
}

}  // namespace outrider
