#include "learners/prototypical/classifier.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "knowledge/error.h"

namespace outrider {
namespace {

void require_consistent(const std::vector<std::pair<std::string, ClassState>>& classes) {
  if (classes.empty()) throw InputError("a classifier needs at least one class");
  const std::size_t dimension = classes.front().second.dimension();
  for (std::size_t k = 0; k < classes.size(); ++k) {
    const auto& [name, state] = classes[k];
    if (k > 0 && classes[k - 1].first == name) throw InputError("the class '" + name + "' is given twice");
    if (state.count == 0) throw InputError("the class '" + name + "' has no examples");
    if (state.dimension() == 0 || state.dimension() != dimension)
      throw InputError("the class '" + name + "' has " + std::to_string(state.dimension()) + " dimensions; expected " +
                       std::to_string(dimension) + ", as in '" + classes.front().first + "'");
  }
}

void require_deviations(const std::vector<std::pair<std::string, ClassState>>& classes) {
  for (const auto& [name, state] : classes)
    if (state.deviations.size() != state.dimension())
      throw InputError(
          "the class '" + name +
          "' keeps no deviations, which the Mahalanobis head needs; clients contribute them with --deviations");
}

// Variance within the classes, by dimension; zero where no class has two examples.
std::vector<double> pooled_variance(const std::vector<std::pair<std::string, ClassState>>& classes) {
  std::vector<double> pooled(classes.front().second.dimension());
  double freedom = 0;
  for (const auto& [name, state] : classes) {
    freedom += static_cast<double>(state.count - 1);
    for (std::size_t j = 0; j < pooled.size(); ++j) pooled[j] += static_cast<double>(state.deviations[j]);
  }
  for (double& variance : pooled) variance = freedom > 0 ? variance / freedom : 0.0;
  return pooled;
}

constexpr double kImaginedExamples = 10;
constexpr double kFloor = 1e-3;

// 1 / v as the header defines v.
std::vector<float> inverse_variance(const ClassState& state, const std::vector<double>& pooled) {
  const double average = std::accumulate(pooled.begin(), pooled.end(), 0.0) / static_cast<double>(pooled.size());
  std::vector<float> inverse(pooled.size(), 1.0f);
  if (average <= 0) return inverse;
  for (std::size_t j = 0; j < pooled.size(); ++j) {
    const double shrunk = (static_cast<double>(state.deviations[j]) + kImaginedExamples * pooled[j]) /
                          (static_cast<double>(state.count) + kImaginedExamples);
    inverse[j] = static_cast<float>(1.0 / (shrunk + kFloor * average));
  }
  return inverse;
}

void normalise(std::vector<float>& vector) {
  double squares = 0;
  for (const float component : vector) squares += static_cast<double>(component) * static_cast<double>(component);
  if (squares <= 0) return;
  const double length = std::sqrt(squares);
  for (float& component : vector) component = static_cast<float>(static_cast<double>(component) / length);
}

// result[k] = sum over j of term(embedding[j], j * Lanes + k), each lane in the order of j. The sums stay in registers.
template <std::size_t Lanes, typename Term>
void sum_over_dimensions(std::span<const float> embedding, std::span<float, Lanes> result, Term term) {
  std::array<float, Lanes> sums{};
  for (std::size_t j = 0; j < embedding.size(); ++j)
    for (std::size_t k = 0; k < Lanes; ++k) sums[k] += term(embedding[j], j * Lanes + k);
  std::copy(sums.begin(), sums.end(), result.begin());
}

void consider(Prediction& prediction, std::uint32_t index, float distance) {
  if (distance < prediction.distance) {
    prediction.runner_up = prediction.nearest;
    prediction.runner_up_distance = prediction.distance;
    prediction.nearest = index;
    prediction.distance = distance;
  } else if (distance < prediction.runner_up_distance) {
    prediction.runner_up = index;
    prediction.runner_up_distance = distance;
  }
}

}  // namespace

PrototypeClassifier::PrototypeClassifier(std::vector<std::pair<std::string, ClassState>> classes, Head head)
    : head_(head) {
  std::sort(classes.begin(), classes.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  require_consistent(classes);
  dimension_ = classes.front().second.dimension();
  const std::size_t blocks = (classes.size() + kBlock - 1) / kBlock;
  prototypes_.resize(blocks * dimension_ * kBlock);
  std::vector<double> pooled;
  if (head == Head::mahalanobis) {
    require_deviations(classes);
    pooled = pooled_variance(classes);
    weights_.resize(prototypes_.size());
  }
  for (std::size_t k = 0; k < classes.size(); ++k) {
    std::vector<float> prototype = classes[k].second.prototype();
    if (head == Head::cosine) normalise(prototype);
    lay_out(prototypes_, k, prototype);
    if (head == Head::mahalanobis) lay_out(weights_, k, inverse_variance(classes[k].second, pooled));
    names_.push_back(std::move(classes[k].first));
    cautions_.push_back(classes[k].second.caution);
  }
}

void PrototypeClassifier::lay_out(std::vector<float>& blocks, std::size_t index, std::span<const float> row) const {
  float* column = blocks.data() + (index / kBlock) * dimension_ * kBlock + index % kBlock;
  for (std::size_t j = 0; j < dimension_; ++j) column[j * kBlock] = row[j];
}

float PrototypeClassifier::length(std::span<const float> embedding) const {
  double squares = 0;
  for (const float component : embedding) squares += static_cast<double>(component) * static_cast<double>(component);
  return static_cast<float>(std::sqrt(squares));
}

void PrototypeClassifier::block_distances(std::span<const float> embedding, float length, std::size_t block,
                                          std::span<float, kBlock> result) const {
  const float* prototypes = prototypes_.data() + block * dimension_ * kBlock;
  const float* weights = weights_.data() + (weights_.empty() ? 0 : block * dimension_ * kBlock);
  switch (head_) {
    case Head::euclidean:
      return sum_over_dimensions<kBlock>(embedding, result, [&](float z, std::size_t at) {
        const float difference = z - prototypes[at];
        return difference * difference;
      });
    case Head::mahalanobis:
      return sum_over_dimensions<kBlock>(embedding, result, [&](float z, std::size_t at) {
        const float difference = z - prototypes[at];
        return difference * difference * weights[at];
      });
    case Head::cosine:
      sum_over_dimensions<kBlock>(embedding, result, [&](float z, std::size_t at) { return z * prototypes[at]; });
      for (float& value : result) value = length > 0 ? std::clamp(1 - value / length, 0.0f, 2.0f) : 1.0f;
  }
}

std::vector<Prediction> PrototypeClassifier::predict(std::span<const float> embeddings) const {
  assert(embeddings.size() % dimension_ == 0);
  const std::size_t size = embeddings.size() / dimension_;
  std::vector<float> lengths(size);
  if (head_ == Head::cosine)
    for (std::size_t i = 0; i < size; ++i) lengths[i] = length(embeddings.subspan(i * dimension_, dimension_));
  std::vector<Prediction> predictions(size);
  for (Prediction& prediction : predictions) prediction.distance = std::numeric_limits<float>::infinity();
  // Blocks outside, embeddings inside: a block of prototypes stays in the cache while all embeddings pass by.
  std::array<float, kBlock> distances{};
  for (std::size_t first = 0; first < names_.size(); first += kBlock) {
    const std::size_t last = std::min(first + kBlock, names_.size());
    for (std::size_t i = 0; i < size; ++i) {
      block_distances(embeddings.subspan(i * dimension_, dimension_), lengths[i], first / kBlock, distances);
      for (std::size_t k = first; k < last; ++k)
        consider(predictions[i], static_cast<std::uint32_t>(k), distances[k - first] * cautions_[k]);
    }
  }
  return predictions;
}

std::vector<float> PrototypeClassifier::distances(std::span<const float> embedding) const {
  assert(embedding.size() == dimension_);
  const float size = head_ == Head::cosine ? length(embedding) : 0.0f;
  std::vector<float> result(names_.size());
  std::array<float, kBlock> block{};
  for (std::size_t first = 0; first < names_.size(); first += kBlock) {
    block_distances(embedding, size, first / kBlock, block);
    for (std::size_t k = first; k < std::min(first + kBlock, names_.size()); ++k)
      result[k] = block[k - first] * cautions_[k];
  }
  return result;
}

}  // namespace outrider
