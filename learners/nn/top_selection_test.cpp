#include "learners/nn/top_selection.h"

#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

#include "learners/random.h"

namespace outrider::nn {
namespace {

// By sorting all.
TopSelector::Threshold sorted_threshold(const std::vector<float>& scores, std::size_t count) {
  std::vector<std::uint32_t> bits(scores.size());
  std::ranges::transform(scores, bits.begin(), magnitude_bits);
  std::ranges::sort(bits, std::greater<>());
  TopSelector::Threshold found;
  found.bits = bits[count - 1];
  const auto larger = std::ranges::count_if(bits, [&](std::uint32_t other) { return other > found.bits; });
  found.ties = count - static_cast<std::size_t>(larger);
  found.all_ties = found.ties == static_cast<std::size_t>(std::ranges::count(bits, found.bits));
  return found;
}

void expect_equal(const TopSelector::Threshold& found, const TopSelector::Threshold& expected) {
  EXPECT_EQ(found.bits, expected.bits);
  EXPECT_EQ(found.ties, expected.ties);
  EXPECT_EQ(found.all_ties, expected.all_ties);
}

class SelectsAsSorting : public testing::TestWithParam<std::size_t> {};

// Scores that drift, jump, and meet in one value: always what sorting gives, whatever came before.
TEST_P(SelectsAsSorting, WhileTheScoresMove) {
  const std::size_t size = GetParam();
  Random random(3, "scores", size);
  std::vector<float> scores(size);
  for (float& score : scores) score = random.normal();
  for (const double density : {0.02, 0.1, 0.5, 1.0}) {
    const auto count = std::max<std::size_t>(1, static_cast<std::size_t>(density * static_cast<double>(size)));
    TopSelector selector(count);
    for (int step = 0; step < 60; ++step) {
      const float pace = step % 20 == 19 ? 10.0F : 0.01F;
      for (float& score : scores) score += pace * random.normal();
      if (step % 7 == 6)
        for (std::size_t i = 0; i < size; i += 3) scores[i] = scores[0];
      if (step == 30) std::ranges::fill(scores, 0.0F);
      expect_equal(selector.threshold(scores), sorted_threshold(scores, count));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, SelectsAsSorting, testing::Values(1, 2, 31, 32, 33, 1000, 100'000));

}  // namespace
}  // namespace outrider::nn
