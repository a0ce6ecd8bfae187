#include <algorithm>
#include <cassert>
#include <cmath>

#include "learners/prototypical/episodes.h"

namespace outrider {
namespace {

struct Sizes {
  std::size_t way, shots, queries, dimension;
};

// way x dimension: the means of the support.
std::vector<double> prototypes_of(std::span<const float> support, const Sizes& sizes) {
  std::vector<double> prototypes(sizes.way * sizes.dimension);
  for (std::size_t row = 0; row < sizes.way * sizes.shots; ++row) {
    double* prototype = prototypes.data() + row / sizes.shots * sizes.dimension;
    const float* embedding = support.data() + row * sizes.dimension;
    for (std::size_t j = 0; j < sizes.dimension; ++j) prototype[j] += static_cast<double>(embedding[j]);
  }
  for (double& component : prototypes) component /= static_cast<double>(sizes.shots);
  return prototypes;
}

void squared_distances(const float* query, const std::vector<double>& prototypes, std::size_t dimension,
                       std::span<double> distances) {
  for (std::size_t k = 0; k < distances.size(); ++k) {
    const double* prototype = prototypes.data() + k * dimension;
    double sum = 0;
    for (std::size_t j = 0; j < dimension; ++j) {
      const double difference = static_cast<double>(query[j]) - prototype[j];
      sum += difference * difference;
    }
    distances[k] = sum;
  }
}

// Turns distances into softmax(-distance); returns -log of the probability of `label`.
double likelihoods(std::span<double> distances, std::size_t label) {
  const double nearest = *std::min_element(distances.begin(), distances.end());
  const double own = distances[label] - nearest;
  double sum = 0;
  for (double& distance : distances) sum += distance = std::exp(nearest - distance);
  for (double& probability : distances) probability /= sum;
  return own + std::log(sum);
}

// With u = p - onehot, the loss of one query has the gradient sum_k u_k (-2)(z - c_k) = 2 sum_k u_k c_k by z (the u_k
// sum to zero) and 2 u_k (z - c_k) by c_k. `weights` holds 2 u_k / M; `moved` gathers the gradient by the prototypes.
void add_gradients(const float* query, const std::vector<double>& prototypes, std::span<const double> weights,
                   std::span<double> by_query, std::vector<double>& moved) {
  const std::size_t dimension = by_query.size();
  std::fill(by_query.begin(), by_query.end(), 0.0);
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const double* prototype = prototypes.data() + k * dimension;
    double* by_prototype = moved.data() + k * dimension;
    for (std::size_t j = 0; j < dimension; ++j) {
      const double pull = weights[k] * (static_cast<double>(query[j]) - prototype[j]);
      by_query[j] -= pull;
      by_prototype[j] += pull;
    }
  }
}

void spread_to_support(const std::vector<double>& moved, const Sizes& sizes, std::span<float> gradient) {
  for (std::size_t row = 0; row < sizes.way * sizes.shots; ++row)
    for (std::size_t j = 0; j < sizes.dimension; ++j)
      gradient[row * sizes.dimension + j] =
          static_cast<float>(moved[row / sizes.shots * sizes.dimension + j] / static_cast<double>(sizes.shots));
}

}  // namespace

EpisodeScore prototypical_loss(const EpisodeShape& shape, std::span<const float> support,
                               std::span<const float> queries, std::span<float> support_gradient,
                               std::span<float> query_gradient) {
  const Sizes sizes{shape.way, shape.shots, shape.queries, support.size() / shape.support_size()};
  const std::size_t dimension = sizes.dimension;
  const std::size_t count = shape.query_size();
  const bool wants_gradient = !query_gradient.empty();
  assert(dimension > 0 && support.size() == shape.support_size() * dimension && queries.size() == count * dimension);
  assert(support_gradient.empty() == query_gradient.empty());
  assert(!wants_gradient || (support_gradient.size() == support.size() && query_gradient.size() == queries.size()));

  const std::vector<double> prototypes = prototypes_of(support, sizes);
  std::vector<double> moved(wants_gradient ? prototypes.size() : 0);
  std::vector<double> by_query(wants_gradient ? dimension : 0);
  std::vector<double> weights(sizes.way);
  EpisodeScore score;
  for (std::size_t q = 0; q < count; ++q) {
    const float* query = queries.data() + q * dimension;
    const std::size_t label = q / sizes.queries;
    squared_distances(query, prototypes, dimension, weights);
    const auto nearest = std::min_element(weights.begin(), weights.end()) - weights.begin();
    if (static_cast<std::size_t>(nearest) == label) score.accuracy += 1;
    score.loss += likelihoods(weights, label);
    if (!wants_gradient) continue;
    weights[label] -= 1;
    for (double& weight : weights) weight *= 2.0 / static_cast<double>(count);
    add_gradients(query, prototypes, weights, by_query, moved);
    for (std::size_t j = 0; j < dimension; ++j) query_gradient[q * dimension + j] = static_cast<float>(by_query[j]);
  }
  if (wants_gradient) spread_to_support(moved, sizes, support_gradient);
  score.loss /= static_cast<double>(count);
  score.accuracy /= static_cast<double>(count);
  return score;
}

}  // namespace outrider
