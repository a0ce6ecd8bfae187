#include "learners/averaging/krum.h"

#include <cassert>
#include <numeric>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/averaging/blocks.h"

namespace outrider::averaging {
namespace {

double krum_score(std::span<const double> distances, std::size_t own, std::size_t neighbours) {
  std::vector<double> others;
  for (std::size_t i = 0; i < distances.size(); ++i)
    if (i != own) others.push_back(distances[i]);
  std::ranges::sort(others);
  double score = 0;
  for (std::size_t i = 0; i < neighbours; ++i) score += others[i];
  return score;
}

}  // namespace

double squared_distance(const Scaled& a, const Scaled& b, int threads) {
  assert(a.values.size() == b.values.size());
  std::vector<double> sums(block_count(a.values.size()));
  for_each_block(a.values.size(), threads, [&](std::size_t number, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const double difference =
          a.factor * static_cast<double>(a.values[i]) - b.factor * static_cast<double>(b.values[i]);
      sums[number] += difference * difference;
    }
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

std::vector<std::size_t> choose_krum(std::span<const double> distances, std::size_t n, std::uint32_t byzantine,
                                     std::uint32_t chosen) {
  assert(distances.size() == n * n);
  require(n >= 2 * std::size_t{byzantine} + 3,
          fmt::format("krum with {} byzantine clients needs {} updates or more; the round has {}", byzantine,
                      2 * std::size_t{byzantine} + 3, n));
  require(n >= chosen, fmt::format("multikrum chooses {} updates; the round has {}", chosen, n));
  std::vector<double> scores(n);
  for (std::size_t i = 0; i < n; ++i) scores[i] = krum_score(distances.subspan(i * n, n), i, n - byzantine - 2);
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return scores[i]; });
  order.resize(chosen);
  std::ranges::sort(order);
  return order;
}

}  // namespace outrider::averaging
