// Merging by growth beside its alternatives, on real pictures.
#include "simulations/federated_rounds/merging_study.h"

#include <gmock/gmock.h>

#include "learners/data/split.h"
#include "tests/fashion.h"

namespace outrider::simulations {
namespace {

TEST(MergingStudy, GrowthKnowsMoreThanAnyClientAndThanTheirAverage) {
  const Dataset& all = outrider::testing::fashion();
  const auto by_class = indices_by_class(all);
  std::vector<std::size_t> train;
  std::vector<std::size_t> test;
  for (const auto& indices : by_class) {
    train.insert(train.end(), indices.begin(), indices.begin() + 300);
    test.insert(test.end(), indices.begin() + 300, indices.begin() + 450);
  }
  const MergingData data{{{1, 28, 28}, false, 0.286F, 0.353F}, select(all, train), select(all, test)};
  MergingOptions options;
  options.small.part = nn::parse_network(
      "input 1x28x28; conv 8 k3 s2 p1 nobias; batchnorm; relu; conv 8 k3 s2 p1 nobias; batchnorm; relu; conv 8 k3 s2 "
      "p1 "
      "nobias; batchnorm; relu; flatten; linear 10");
  options.alone = {.batch = 50, .epochs = 8, .rate = 0.05F};
  options.merged = {.batch = 50, .epochs = 20, .rate = 0.05F};
  options.shared = 20;
  const auto rows = compare_merging(options, data);
  const auto row = [&](const std::string& way) {
    const auto found = std::ranges::find(rows, way, &MergingRow::way);
    EXPECT_NE(found, rows.end()) << way;
    return *found;
  };
  std::string table;
  for (const MergingRow& each : rows) table += each.way + " " + std::to_string(each.accuracy) + "\n";
  const MergingRow grown = row("grown, orthogonal");
  EXPECT_GT(grown.accuracy, row("client 0 alone").accuracy + 0.15) << table;
  EXPECT_GT(grown.accuracy, row("client 1 alone").accuracy + 0.15) << table;
  EXPECT_GT(grown.accuracy, row("side by side").accuracy) << table;
  EXPECT_GT(grown.accuracy, row("average, matched").accuracy) << table;
  EXPECT_GT(row("grown, mean of these").accuracy, row("side by side").accuracy) << table;
  // What is compared at equal cost costs as much, to within a step.
  EXPECT_EQ(row("from scratch").flops, grown.flops);
  EXPECT_LT(grown.bytes, row("from scratch").bytes / 2);
  const auto again = compare_merging(options, data);
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(again[i].accuracy, rows[i].accuracy) << rows[i].way;
}

}  // namespace
}  // namespace outrider::simulations
