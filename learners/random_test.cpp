#include "learners/random.h"

#include <cmath>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "learners/philox.h"

namespace outrider {
namespace {

TEST(Random, SameKeySameNumbers) {
  Random a(1, "episodes", 2, 3);
  Random b(1, "episodes", 2, 3);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a(), b());
}

// From the authors' own table of known answers (Random123, kat_vectors).
TEST(Philox, GivesTheKnownAnswers) {
  using Block = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox4x32_10({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(philox4x32_10({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32_10({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// "The same seed, the same bits" holds from one version to the next: these are the bits.
TEST(Random, ASeedMeansTheseBits) {
  Random bits(1, "episodes", 2, 3);
  for (const std::uint32_t expected : {0xc2846a93, 0x83f8f218, 0x15b02566U, 0x9f01e1b2, 0xeba90c99})
    EXPECT_EQ(bits(), expected);
  Random bounded(5);
  for (const std::uint32_t expected : {257U, 797U, 667U, 425U, 336U, 871U, 102U, 119U})
    EXPECT_EQ(bounded.below(1000), expected);
  Random uniform(6);
  for (const float expected : {0x1.7b164ap-1F, 0x1.4e97d8p-2F, 0x1.4080f8p-2F}) EXPECT_EQ(uniform.uniform(), expected);
  std::vector<int> values{0, 1, 2, 3, 4, 5, 6, 7};
  Random(9).shuffle(std::span(values));
  EXPECT_EQ(values, (std::vector<int>{2, 0, 3, 5, 1, 4, 7, 6}));
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
