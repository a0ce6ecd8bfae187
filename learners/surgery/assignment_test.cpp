#include "learners/surgery/assignment.h"

#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>

#include "learners/random.h"

namespace outrider::surgery {
namespace {

double cost_of(std::span<const double> costs, std::span<const std::uint32_t> columns) {
  double sum = 0;
  for (std::size_t row = 0; row < columns.size(); ++row) sum += costs[row * columns.size() + columns[row]];
  return sum;
}

double smallest_cost(std::span<const double> costs, std::size_t n) {
  std::vector<std::uint32_t> columns(n);
  std::iota(columns.begin(), columns.end(), 0U);
  double smallest = cost_of(costs, columns);
  while (std::next_permutation(columns.begin(), columns.end())) smallest = std::min(smallest, cost_of(costs, columns));
  return smallest;
}

bool is_permutation(std::vector<std::uint32_t> columns) {
  std::ranges::sort(columns);
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (columns[i] != i) return false;
  return true;
}

TEST(MinimumAssignment, CostsAsLittleAsTheBestOfAll) {
  Random random(1, "costs");
  for (int trial = 0; trial < 600; ++trial) {
    const std::size_t n = 1 + random.below(7);
    const bool tied = random.below(2) == 0;  // few values, so that many assignments are as good
    std::vector<double> costs(n * n);
    for (double& cost : costs)
      cost = tied ? static_cast<double>(random.below(3)) : static_cast<double>(random.normal());
    const auto columns = minimum_assignment(costs, n);
    ASSERT_EQ(columns.size(), n);
    ASSERT_TRUE(is_permutation(columns));
    ASSERT_NEAR(cost_of(costs, columns), smallest_cost(costs, n), 1e-9);
  }
}

TEST(MinimumAssignment, FindsAHiddenPermutationAmongMany) {
  constexpr std::size_t kRows = 300;
  Random random(2, "hidden");
  std::vector<std::uint32_t> hidden(kRows);
  std::iota(hidden.begin(), hidden.end(), 0U);
  random.shuffle(std::span(hidden));
  std::vector<double> costs(kRows * kRows);
  for (double& cost : costs) cost = static_cast<double>(random.uniform());
  for (std::size_t row = 0; row < kRows; ++row) costs[row * kRows + hidden[row]] = -1;
  EXPECT_EQ(minimum_assignment(costs, kRows), hidden);
}

TEST(MinimumAssignment, OfNothingIsNothing) {
  EXPECT_TRUE(minimum_assignment({}, 0).empty());
}

}  // namespace
}  // namespace outrider::surgery
