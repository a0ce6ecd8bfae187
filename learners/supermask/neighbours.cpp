#include "learners/supermask/neighbours.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

namespace outrider {
namespace {

using Distance = std::pair<float, std::size_t>;  // squared, and the number of the point: equal ones by number

// In lanes, which the compiler turns into vector instructions without changing the sums.
float squared_distance(std::span<const float> a, std::span<const float> b) {
  constexpr std::size_t kLanes = 8;
  float lanes[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= a.size(); i += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const float difference = a[i + lane] - b[i + lane];
      lanes[lane] += difference * difference;
    }
  for (; i < a.size(); ++i) lanes[i % kLanes] += (a[i] - b[i]) * (a[i] - b[i]);
  float sum = 0;
  for (const float lane : lanes) sum += lane;
  return std::isnan(sum) ? std::numeric_limits<float>::infinity() : sum;  // NaNs would break the order
}

std::uint32_t most_frequent(std::span<const Distance> nearest, std::span<const std::uint32_t> labels,
                            std::vector<std::size_t>& votes) {
  std::ranges::fill(votes, 0);
  for (const auto& [distance, point] : nearest) ++votes[labels[point]];
  std::uint32_t best = labels[nearest.front().second];
  for (const auto& [distance, point] : nearest)
    if (votes[labels[point]] > votes[best]) best = labels[point];
  return best;
}

}  // namespace

std::vector<std::uint32_t> classes_of_neighbours(const LabelledPoints& points, std::span<const float> queries,
                                                 std::size_t neighbours) {
  assert(!points.labels.empty() && neighbours > 0 && points.values.size() % points.labels.size() == 0);
  const std::size_t count = points.labels.size();
  const std::size_t dimension = points.values.size() / count;
  assert(dimension > 0 && queries.size() % dimension == 0);
  const std::size_t nearest = std::min(neighbours, count);
  std::vector<std::size_t> votes(std::size_t{*std::ranges::max_element(points.labels)} + 1);
  std::vector<Distance> distances(count);
  std::vector<std::uint32_t> classes(queries.size() / dimension);
  for (std::size_t query = 0; query < classes.size(); ++query) {
    const auto at = queries.subspan(query * dimension, dimension);
    for (std::size_t point = 0; point < count; ++point)
      distances[point] = {squared_distance(at, points.values.subspan(point * dimension, dimension)), point};
    const auto end = distances.begin() + static_cast<std::ptrdiff_t>(nearest);
    std::partial_sort(distances.begin(), end, distances.end());
    classes[query] = most_frequent({distances.begin(), end}, points.labels, votes);
  }
  return classes;
}

}  // namespace outrider
