#include "learners/evaluation/summary.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "knowledge/error.h"

namespace outrider {
namespace {

TEST(Summary, EqualsHandComputedMeanAndDeviation) {
  const Summary summary = summarise(std::vector<double>{2, 4, 4, 4, 5, 5, 7, 9});
  EXPECT_EQ(summary.count, 8u);
  EXPECT_DOUBLE_EQ(summary.mean, 5);
  EXPECT_DOUBLE_EQ(summary.deviation, std::sqrt(32.0 / 7));
  EXPECT_DOUBLE_EQ(summary.confidence95(), 1.96 * std::sqrt(32.0 / 7) / std::sqrt(8.0));
}

TEST(Summary, ReadsWell) {
  const Summary summary = summarise(std::vector<double>{0.987, 0.989, 0.988});
  EXPECT_EQ(to_percent(summary), "98.80 ± 0.10 %");
  EXPECT_EQ(to_percent(summary, 1), "98.8 ± 0.1 %");
  EXPECT_EQ(to_text(summarise(std::vector<double>{1, 2, 3}), 1), "2.0 ± 1.0");
}

TEST(Summary, OneValueHasNoDeviation) {
  const Summary summary = summarise(std::vector<double>{0.5});
  EXPECT_EQ(summary.deviation, 0);
  EXPECT_EQ(to_percent(summary), "50.00 %");
}

TEST(Summary, RefusesNothingAndNonsense) {
  EXPECT_THROW(summarise({}), InputError);
  EXPECT_THROW(summarise(std::vector<double>{1, std::nan("")}), InputError);
  EXPECT_THROW(summarise(std::vector<double>{std::numeric_limits<double>::infinity()}), InputError);
}

}  // namespace
}  // namespace outrider
