#include "learners/data/split.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <set>

#include "learners/data/test_files.h"

namespace outrider {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// `per_class` pictures of each of 10 classes, classes in turn; 7 authors in turn.
Dataset numbered(std::size_t per_class) {
  Dataset data;
  data.shape = {.channels = 1, .height = 1, .width = 1};
  for (int i = 0; i < 10; ++i) data.classes.push_back(std::to_string(i));
  for (int i = 0; i < 7; ++i) data.group_names.push_back("author " + std::to_string(i));
  for (std::uint32_t i = 0; i < 10 * per_class; ++i) {
    data.pixels.push_back(static_cast<std::uint8_t>(i));
    data.labels.push_back(i % 10);
    data.groups.push_back(i % 7);
  }
  return data;
}

TEST(DrawOfEachClass, DrawsAsManyOfEachAndTheSameOnesAgain) {
  const Dataset data = numbered(20);
  const Dataset drawn = draw_of_each_class(data, 7, 1, "some");
  for (const auto& of_class : indices_by_class(drawn)) EXPECT_EQ(of_class.size(), 7u);
  EXPECT_TRUE(std::ranges::is_sorted(drawn.pixels));  // in the order of the data set
  EXPECT_EQ(draw_of_each_class(data, 7, 1, "some"), drawn);
  EXPECT_NE(draw_of_each_class(data, 7, 2, "some"), drawn);
  EXPECT_NE(draw_of_each_class(data, 7, 1, "others"), drawn);
  EXPECT_EQ(draw_of_each_class(data, 0, 1, "some"), data);
  EXPECT_EQ(draw_of_each_class(data, 21, 1, "some"), data);
}

void expect_every_picture_once(const Partition& partition, std::size_t count) {
  std::vector<std::size_t> all;
  for (const auto& indices : partition) {
    EXPECT_TRUE(std::is_sorted(indices.begin(), indices.end()));
    all.insert(all.end(), indices.begin(), indices.end());
  }
  std::sort(all.begin(), all.end());
  std::vector<std::size_t> expected(count);
  std::iota(expected.begin(), expected.end(), std::size_t{0});
  EXPECT_EQ(all, expected);
}

std::size_t classes_in(const Dataset& data, const std::vector<std::size_t>& indices) {
  std::set<std::uint32_t> labels;
  for (const std::size_t index : indices) labels.insert(data.labels[index]);
  return labels.size();
}

// Mean over clients of the share of a client's largest class.
double dominance(const Dataset& data, const Partition& partition) {
  double sum = 0;
  int clients = 0;
  for (const auto& indices : partition) {
    if (indices.empty()) continue;
    std::vector<int> counts(data.classes.size());
    for (const std::size_t index : indices) ++counts[data.labels[index]];
    sum += *std::max_element(counts.begin(), counts.end()) / static_cast<double>(indices.size());
    ++clients;
  }
  return sum / clients;
}

TEST(Split, SelectKeepsOrderAndMeaning) {
  const std::vector<std::size_t> indices{12, 3, 12};
  const Dataset chosen = select(numbered(2), indices);
  EXPECT_THAT(chosen.pixels, ElementsAre(12, 3, 12));
  EXPECT_THAT(chosen.labels, ElementsAre(2, 3, 2));
  EXPECT_THAT(chosen.groups, ElementsAre(5, 3, 5));
  EXPECT_EQ(chosen.classes.size(), 10u);
  EXPECT_EQ(chosen.group_names.size(), 7u);
  EXPECT_EQ(select(numbered(2), {}).size(), 0u);
}

TEST(Split, IndicesByClassAndGroup) {
  const Dataset data = numbered(2);
  EXPECT_THAT(indices_by_class(data)[3], ElementsAre(3, 13));
  EXPECT_THAT(indices_by_group(data)[6], ElementsAre(6, 13));
  Dataset anonymous = data;
  anonymous.groups.clear();
  EXPECT_THAT(refusal([&] { indices_by_group(anonymous); }), HasSubstr("does not say who made"));
  EXPECT_THAT(refusal([&] { partition_by_group(anonymous, 2, 1); }), HasSubstr("does not say who made"));
}

TEST(Split, PartitionsArePureFunctionsThatUseEveryPictureOnce) {
  const Dataset data = numbered(60);
  const std::vector<std::function<Partition(std::uint64_t)>> partitions{
      [&](std::uint64_t seed) { return partition_iid(data, 7, seed); },
      [&](std::uint64_t seed) { return partition_dirichlet(data, 7, 0.5, seed); },
      [&](std::uint64_t seed) { return partition_shards(data, 7, 2, seed); },
      [&](std::uint64_t seed) { return partition_quantity(data, 7, 0.5, seed); },
      [&](std::uint64_t seed) { return partition_by_group(data, 7, seed); }};
  for (const auto& make : partitions) {
    EXPECT_EQ(make(1).size(), 7u);
    expect_every_picture_once(make(1), data.size());
    EXPECT_EQ(make(1), make(1));
    EXPECT_NE(make(1), make(2));
  }
}

TEST(Split, IidSharesDifferByOneAtMost) {
  for (const auto& indices : partition_iid(numbered(10), 7, 5))
    EXPECT_TRUE(indices.size() == 14 || indices.size() == 15) << indices.size();
}

TEST(Split, SmallerAlphaIsMoreSkewed) {
  const Dataset data = numbered(500);
  const double skewed = dominance(data, partition_dirichlet(data, 20, 0.1, 3));
  const double middle = dominance(data, partition_dirichlet(data, 20, 1, 3));
  const double even = dominance(data, partition_dirichlet(data, 20, 1000, 3));
  EXPECT_GT(skewed, 0.5);
  EXPECT_LT(middle, skewed);
  EXPECT_LT(even, 0.15);
}

TEST(Split, DirichletSharesHaveTheirVariance) {  // of one share: (1/k)(1 - 1/k) / (k alpha + 1)
  const Dataset data = numbered(1000);
  constexpr std::size_t kClients = 4;
  for (const double alpha : {0.1, 1.0, 5.0}) {
    double squares = 0;
    int shares = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed)
      for (const auto& indices : partition_dirichlet(data, kClients, alpha, seed)) {
        std::vector<double> counts(10);
        for (const std::size_t index : indices) ++counts[data.labels[index]];
        for (const double count : counts) {
          squares += (count / 1000 - 0.25) * (count / 1000 - 0.25);
          ++shares;
        }
      }
    const double expected = 0.25 * 0.75 / (kClients * alpha + 1);
    EXPECT_NEAR(squares / shares / expected, 1, 0.12) << alpha;
  }
}

TEST(Split, TinyAlphaGivesEachClassToOneClient) {
  const Dataset data = numbered(50);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Partition partition = partition_dirichlet(data, 3, 1e-4, seed);
    expect_every_picture_once(partition, data.size());
    std::size_t pieces = 0;
    for (const auto& indices : partition) pieces += classes_in(data, indices);
    EXPECT_LE(pieces, 11u);
  }
}

TEST(Split, TwoShardsHoldFewClasses) {
  const Dataset data = numbered(100);
  const Partition partition = partition_shards(data, 5, 2, 11);  // a shard is just one class
  for (const auto& indices : partition) {
    EXPECT_EQ(indices.size(), 200u);
    EXPECT_EQ(classes_in(data, indices), 2u);
  }
}

TEST(Split, QuantitySkewVariesSizesNotClasses) {
  const Dataset data = numbered(500);
  const Partition partition = partition_quantity(data, 10, 0.5, 2);
  const auto [smallest, largest] =
      std::minmax_element(partition.begin(), partition.end(), [](auto& a, auto& b) { return a.size() < b.size(); });
  EXPECT_GT(largest->size(), 4 * smallest->size());
  EXPECT_EQ(classes_in(data, *largest), 10u);
  EXPECT_LT(dominance(data, {*largest}), 0.15);
}

TEST(Split, AuthorsStayWhole) {
  const Dataset data = numbered(20);
  std::set<std::uint32_t> seen;
  for (const auto& indices : partition_by_group(data, 3, 4)) {
    std::set<std::uint32_t> authors;
    for (const std::size_t index : indices) authors.insert(data.groups[index]);
    EXPECT_GE(authors.size(), 2u);
    for (const std::uint32_t author : authors) EXPECT_TRUE(seen.insert(author).second);
  }
  EXPECT_EQ(seen.size(), 7u);
}

TEST(Split, ImpossiblePartitionsAreRefused) {
  const Dataset data = numbered(1);
  EXPECT_THAT(refusal([&] { partition_iid(data, 0, 1); }), HasSubstr("at least one client"));
  EXPECT_THAT(refusal([&] { partition_iid(data, 11, 1); }),
              HasSubstr("10 pictures cannot be divided among 11 clients"));
  EXPECT_THAT(refusal([&] { partition_shards(data, 6, 2, 1); }), HasSubstr("among 12 shards"));
  EXPECT_THAT(refusal([&] { partition_shards(data, 6, 0, 1); }), HasSubstr("shards are 0"));
  EXPECT_THAT(refusal([&] { partition_shards(data, 2, std::size_t{1} << 63, 1); }), HasSubstr("1 to 10"));
  EXPECT_THAT(refusal([&] { partition_by_group(data, 8, 1); }), HasSubstr("7 authors cannot be divided among 8"));
  for (const double alpha : {0.0, -1.0, std::nan(""), HUGE_VAL}) {
    EXPECT_THAT(refusal([&] { partition_dirichlet(data, 2, alpha, 1); }), HasSubstr("alpha"));
    EXPECT_THAT(refusal([&] { partition_quantity(data, 2, alpha, 1); }), HasSubstr("alpha"));
  }
}

}  // namespace
}  // namespace outrider
