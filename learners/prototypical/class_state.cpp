#include "learners/prototypical/class_state.h"

#include <cassert>
#include <cmath>

#include "knowledge/error.h"

namespace outrider {
namespace {

std::vector<float> rounded(const std::vector<double>& values) {
  std::vector<float> result(values.size());
  for (std::size_t j = 0; j < values.size(); ++j) result[j] = static_cast<float>(values[j]);
  return result;
}

void require_finite(std::span<const float> embedding) {
  for (std::size_t j = 0; j < embedding.size(); ++j)
    if (!std::isfinite(embedding[j]))
      throw InputError("component " + std::to_string(j) + " of an embedding is " + std::to_string(embedding[j]) +
                       "; a class learns from finite embeddings only");
}

}  // namespace

std::vector<float> ClassState::prototype() const {
  assert(count > 0);
  std::vector<float> mean(dimension());
  for (std::size_t j = 0; j < mean.size(); ++j)
    mean[j] = static_cast<float>(static_cast<double>(sum[j]) / static_cast<double>(count));
  return mean;
}

ClassStateBuilder::ClassStateBuilder(std::size_t dimension, bool keep_deviations) : sum_(dimension) {
  assert(dimension >= 1 && dimension <= kMaxDimension);
  if (!keep_deviations) return;
  mean_.resize(dimension);
  deviations_.resize(dimension);
}

ClassStateBuilder::ClassStateBuilder(const ClassState& learned)
    : count_(learned.count), sum_(learned.sum.begin(), learned.sum.end()) {
  assert(count_ > 0);
  if (!learned.keeps_deviations()) return;
  mean_ = sum_;
  for (double& component : mean_) component /= static_cast<double>(count_);
  deviations_.assign(learned.deviations.begin(), learned.deviations.end());
}

void ClassStateBuilder::add(std::span<const float> embeddings) {
  const std::size_t dimension = sum_.size();
  assert(embeddings.size() % dimension == 0);
  for (; !embeddings.empty(); embeddings = embeddings.subspan(dimension)) {
    const auto embedding = embeddings.first(dimension);
    require_finite(embedding);
    ++count_;
    for (std::size_t j = 0; j < dimension; ++j) sum_[j] += static_cast<double>(embedding[j]);
    for (std::size_t j = 0; j < mean_.size(); ++j) {
      const double before = static_cast<double>(embedding[j]) - mean_[j];
      mean_[j] += before / static_cast<double>(count_);
      deviations_[j] += before * (static_cast<double>(embedding[j]) - mean_[j]);
    }
  }
}

ClassState ClassStateBuilder::state() const {
  return {count_, rounded(sum_), rounded(deviations_)};
}

}  // namespace outrider
