#include "learners/evaluation/accuracy_matrix.h"

#include <cmath>

#include <gtest/gtest.h>

#include "knowledge/error.h"

namespace outrider {
namespace {

// Three tasks, all judged after each.
AccuracyMatrix example() {
  const double rows[3][3] = {{0.90, 0.20, 0.15}, {0.95, 0.80, 0.30}, {0.60, 0.70, 0.85}};
  AccuracyMatrix matrix(3);
  for (std::size_t t = 0; t < 3; ++t)
    for (std::size_t j = 0; j < 3; ++j) matrix.record(t, j, rows[t][j]);
  for (std::size_t j = 0; j < 3; ++j) matrix.record_untrained(j, 0.1);
  return matrix;
}

TEST(AccuracyMatrix, EqualsHandComputedMetrics) {
  const AccuracyMatrix matrix = example();
  EXPECT_NEAR(*matrix.average_accuracy(), (0.60 + 0.70 + 0.85) / 3, 1e-12);
  EXPECT_NEAR(*matrix.forgetting(), ((0.95 - 0.60) + (0.80 - 0.70)) / 2, 1e-12);
  EXPECT_NEAR(*matrix.backward_transfer(), ((0.60 - 0.90) + (0.70 - 0.80)) / 2, 1e-12);
  EXPECT_NEAR(*matrix.forward_transfer(), ((0.20 - 0.1) + (0.30 - 0.1)) / 2, 1e-12);
}

TEST(AccuracyMatrix, ForgettingIsNegativeWhereTheLastTaskHelped) {
  AccuracyMatrix matrix(2);
  matrix.record(0, 0, 0.5);
  matrix.record(1, 0, 0.75);
  EXPECT_NEAR(*matrix.forgetting(), -0.25, 1e-12);
}

TEST(AccuracyMatrix, TheLowerTriangleIsEnoughForAllButForwardTransfer) {
  AccuracyMatrix matrix(3);
  matrix.record(0, 0, 0.9);
  matrix.record(1, 0, 0.7);
  matrix.record(1, 1, 0.8);
  matrix.record(2, 0, 0.5);
  matrix.record(2, 1, 0.6);
  matrix.record(2, 2, 0.7);
  EXPECT_NEAR(*matrix.average_accuracy(), 0.6, 1e-12);
  EXPECT_NEAR(*matrix.forgetting(), (0.4 + 0.2) / 2, 1e-12);
  EXPECT_NEAR(*matrix.backward_transfer(), -(0.4 + 0.2) / 2, 1e-12);
  EXPECT_EQ(matrix.forward_transfer(), std::nullopt);
}

TEST(AccuracyMatrix, MissingFiguresGiveNoMetric) {
  AccuracyMatrix matrix(2);
  EXPECT_EQ(matrix.at(1, 0), std::nullopt);
  EXPECT_EQ(matrix.average_accuracy(), std::nullopt);
  matrix.record(1, 0, 0.5);
  EXPECT_EQ(matrix.average_accuracy(), std::nullopt);
  EXPECT_EQ(matrix.forgetting(), std::nullopt);
  EXPECT_EQ(matrix.backward_transfer(), std::nullopt);
  matrix.record(0, 1, 0.5);
  EXPECT_EQ(matrix.forward_transfer(), std::nullopt);
}

TEST(AccuracyMatrix, OneTaskHasAnAccuracyOnly) {
  AccuracyMatrix matrix(1);
  matrix.record(0, 0, 0.25);
  EXPECT_EQ(matrix.average_accuracy(), 0.25);
  EXPECT_EQ(matrix.forgetting(), std::nullopt);
  EXPECT_EQ(matrix.backward_transfer(), std::nullopt);
  EXPECT_EQ(matrix.forward_transfer(), std::nullopt);
}

TEST(AccuracyMatrix, RefusesBadFigures) {
  EXPECT_THROW(AccuracyMatrix(0), InputError);
  AccuracyMatrix matrix(2);
  EXPECT_THROW(matrix.record(2, 0, 0.5), InputError);
  EXPECT_THROW(matrix.record(0, 2, 0.5), InputError);
  EXPECT_THROW(matrix.record_untrained(2, 0.5), InputError);
  for (const double accuracy : {-0.1, 1.1, 98.0, std::nan("")}) EXPECT_THROW(matrix.record(0, 0, accuracy), InputError);
  EXPECT_THROW(matrix.at(0, 2), InputError);
}

}  // namespace
}  // namespace outrider
