#include "learners/evaluation/confusion_matrix.h"

#include <gtest/gtest.h>

#include "knowledge/error.h"

namespace outrider {
namespace {

TEST(ConfusionMatrix, EqualsHandComputedShares) {
  ConfusionMatrix matrix(3);
  matrix.add(0, 0, 8);
  matrix.add(0, 1, 2);
  matrix.add(1, 1);
  matrix.add(1, 0);
  EXPECT_EQ(matrix.total(), 12u);
  EXPECT_EQ(matrix.at(0, 1), 2u);
  EXPECT_EQ(matrix.occurrences(0), 10u);
  EXPECT_EQ(matrix.predictions(1), 3u);
  EXPECT_DOUBLE_EQ(*matrix.accuracy(), 9.0 / 12);
  EXPECT_DOUBLE_EQ(*matrix.recall(0), 0.8);
  EXPECT_DOUBLE_EQ(*matrix.recall(1), 0.5);
  EXPECT_DOUBLE_EQ(*matrix.precision(0), 8.0 / 9);
  EXPECT_DOUBLE_EQ(*matrix.precision(1), 1.0 / 3);
  EXPECT_DOUBLE_EQ(*matrix.balanced_accuracy(), 0.65);
  EXPECT_EQ(matrix.recall(2), std::nullopt);
  EXPECT_EQ(matrix.precision(2), std::nullopt);
}

TEST(ConfusionMatrix, EmptyHasNoShares) {
  const ConfusionMatrix matrix(2);
  EXPECT_EQ(matrix.accuracy(), std::nullopt);
  EXPECT_EQ(matrix.balanced_accuracy(), std::nullopt);
}

TEST(ConfusionMatrix, Adds) {
  ConfusionMatrix one(2), two(2);
  one.add(0, 1);
  two.add(0, 1, 3);
  two.add(1, 1);
  one += two;
  EXPECT_EQ(one.at(0, 1), 4u);
  EXPECT_EQ(one.total(), 5u);
  EXPECT_THROW(one += ConfusionMatrix(3), InputError);
}

TEST(ConfusionMatrix, RefusesUnknownClasses) {
  ConfusionMatrix matrix(2);
  EXPECT_THROW(matrix.add(2, 0), InputError);
  EXPECT_THROW(matrix.add(0, 2), InputError);
  EXPECT_THROW(matrix.at(2, 0), InputError);
  EXPECT_THROW(matrix.recall(2), InputError);
  EXPECT_THROW(matrix.predictions(2), InputError);
}

}  // namespace
}  // namespace outrider
