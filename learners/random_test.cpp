#include "learners/random.h"

#include <cmath>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace outrider {
namespace {

TEST(Random, SameKeySameNumbers) {
  Random a(1, "episodes", 2, 3);
  Random b(1, "episodes", 2, 3);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a(), b());
}

TEST(Random, EveryPartOfTheKeyCounts) {
  const auto first = [](Random r) { return r(); };
  const auto base = first(Random(1, "a", 2, 3));
  EXPECT_NE(first(Random(2, "a", 2, 3)), base);
  EXPECT_NE(first(Random(1, "b", 2, 3)), base);
  EXPECT_NE(first(Random(1, "a", 3, 3)), base);
  EXPECT_NE(first(Random(1, "a", 2, 4)), base);
}

TEST(Random, BelowIsUniform) {
  Random random(5);
  std::vector<int> counts(7);
  for (int i = 0; i < 70000; ++i) ++counts[random.below(7)];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 400);  // four standard deviations
}

TEST(Random, NormalHasUnitVariance) {
  Random random(6);
  double sum = 0;
  double squares = 0;
  constexpr int kDraws = 100000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.normal();
    ASSERT_TRUE(std::isfinite(x));
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.015);
  EXPECT_NEAR(squares / kDraws, 1, 0.02);
}

TEST(Random, ShufflePermutes) {
  std::vector<int> values(50);
  std::iota(values.begin(), values.end(), 0);
  Random(9).shuffle(std::span(values));
  EXPECT_FALSE(std::is_sorted(values.begin(), values.end()));
  std::sort(values.begin(), values.end());
  for (int i = 0; i < 50; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], i);
}

}  // namespace
}  // namespace outrider
