#include "learners/supermask/transfer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/supermask/neighbours.h"
#include "learners/supermask/test_base.h"
#include "learners/supermask/training.h"

namespace outrider {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<float> random_points(std::size_t values, std::uint64_t seed) {
  Random random(seed, "points");
  std::vector<float> points(values);
  for (float& value : points) value = random.normal();
  return points;
}

std::vector<std::uint32_t> random_labels(std::size_t count, std::uint32_t classes) {
  Random random(1, "labels");
  std::vector<std::uint32_t> labels(count);
  for (std::uint32_t& label : labels) label = random.below(classes);
  return labels;
}

// As the header says it, the slow way.
std::uint32_t reference_class(const std::vector<float>& points, const std::vector<std::uint32_t>& labels,
                              std::span<const float> query, std::size_t neighbours) {
  std::vector<bool> used(labels.size());
  std::vector<std::uint32_t> nearest;
  while (nearest.size() < std::min(neighbours, labels.size())) {
    std::size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t point = 0; point < labels.size(); ++point) {
      double distance = 0;
      for (std::size_t i = 0; i < query.size(); ++i)
        distance += std::pow(static_cast<double>(query[i]) - static_cast<double>(points[point * query.size() + i]), 2);
      if (used[point] || distance >= least) continue;
      best = point;
      least = distance;
    }
    used[best] = true;
    nearest.push_back(labels[best]);
  }
  return *std::ranges::max_element(nearest, {},
                                   [&](std::uint32_t label) { return std::ranges::count(nearest, label); });
}

TEST(Neighbours, AgreeWithTheSlowWay) {
  for (const std::size_t dimension : {1, 5, 8, 19})
    for (const std::size_t neighbours : {1, 4, 10, 200}) {
      const auto points = random_points(90 * dimension, dimension);
      const auto labels = random_labels(90, 4);
      const auto queries = random_points(40 * dimension, 100 + dimension);
      const auto said = classes_of_neighbours({points, labels}, queries, neighbours);
      ASSERT_EQ(said.size(), 40U);
      for (std::size_t i = 0; i < said.size(); ++i)
        EXPECT_EQ(said[i],
                  reference_class(points, labels, std::span(queries).subspan(i * dimension, dimension), neighbours));
    }
}

TEST(Neighbours, SettleTiesByPositionAndByTheNearest) {
  const std::vector<float> points{1, -1, 1, 3, -2};
  const std::vector<std::uint32_t> labels{2, 0, 1, 1, 0};
  const std::vector<float> query{0};
  EXPECT_THAT(classes_of_neighbours({points, labels}, query, 1), ElementsAre(2));
  EXPECT_THAT(classes_of_neighbours({points, labels}, query, 3), ElementsAre(2));  // one vote each
  EXPECT_THAT(classes_of_neighbours({points, labels}, query, 5), ElementsAre(0));  // two votes for 0 and for 1
}

TEST(Neighbours, TakeWhatIsNoNumberForFarAway) {
  const std::vector<float> points{std::numeric_limits<float>::quiet_NaN(), 1000,
                                  std::numeric_limits<float>::infinity()};
  const std::vector<std::uint32_t> labels{0, 1, 2};
  EXPECT_THAT(classes_of_neighbours({points, labels}, std::vector<float>{0}, 1), ElementsAre(1));
}

NamedTasks learned_tasks(const BaseNetwork& base, const std::vector<std::uint64_t>& numbers) {
  const MaskTraining options{
      .batch = 15, .mask_epochs = 20, .mask_rate = 0.03F, .weight_epochs = 0, .seed = 3, .threads = 1};
  NamedTasks tasks;
  for (const std::uint64_t number : numbers)
    tasks.emplace_back("task " + std::to_string(number),
                       learn_task(base, Ownership(base), test_task(number), random_scores(base, number), options));
  return tasks;
}

// Noisy pictures, for which it matters what the features are.
Dataset hard_task(std::uint64_t number, std::size_t per_class, std::uint64_t part = 7) {
  Dataset data = test_task(number, per_class, part);
  Random random(number, "more noise", part);
  for (std::uint8_t& pixel : data.pixels)
    if (random.below(5) < 2) pixel = static_cast<std::uint8_t>(random.below(256));
  return data;
}

const TransferOptions kAllPictures{.share = 1, .seed = 2, .threads = 1};
const char* const kNarrow = "input 1x6x6; linear 8 nobias; relu; linear 3 nobias";

TEST(Transfer, ChoosesTheTaskThatTheNewOneIs) {
  for (const char* network : {kNarrow, "input 1x6x6; linear 8 nobias; batchnorm noaffine; relu; linear 3 nobias"}) {
    const BaseNetwork base = test_base(network);
    const NamedTasks known = learned_tasks(base, {11, 12, 13, 14, 15});
    for (const std::size_t same : {0, 2, 4}) {
      const auto found = best_transfer(base, known, hard_task(11 + same, 60), kAllPictures);
      ASSERT_TRUE(found) << network;
      EXPECT_EQ(found->task, same) << network;
      EXPECT_GT(found->accuracy, 0.75) << network;
      EXPECT_LE(found->accuracy, 1) << network;
    }
  }
}

TEST(Transfer, FindsNothingWhereNothingIsKnown) {
  EXPECT_FALSE(best_transfer(test_base(), {}, test_task(1), kAllPictures));
}

// Of 204 labels drawn at random, the neighbours hit by chance up to a third: with this seed, clearly less.
TEST(Transfer, FindsNothingInNoise) {
  const BaseNetwork base = test_base();
  Dataset noise = test_task(1, 200);
  Random random(11, "noise");
  for (std::uint8_t& pixel : noise.pixels) pixel = static_cast<std::uint8_t>(random.below(256));
  random.shuffle(std::span(noise.labels));
  EXPECT_FALSE(best_transfer(base, learned_tasks(base, {2, 3}), noise, kAllPictures));
}

TEST(Transfer, TakesTheFirstOfEquals) {
  const BaseNetwork base = test_base();
  NamedTasks known = learned_tasks(base, {1});
  known.emplace_back("twin", known.front().second);
  EXPECT_EQ(best_transfer(base, known, test_task(1), kAllPictures).value().task, 0U);
}

TEST(Transfer, SameSeedSameChoice) {
  const BaseNetwork base = test_base(kNarrow);
  const NamedTasks known = learned_tasks(base, {11, 12});
  const auto accuracy = [&](std::uint64_t seed, int threads) {
    return best_transfer(base, known, hard_task(11, 100), {.share = 0.5, .seed = seed, .threads = threads})
        .value()
        .accuracy;
  };
  EXPECT_EQ(accuracy(1, 1), accuracy(1, 1));
  EXPECT_EQ(accuracy(1, 1), accuracy(1, 2));
  EXPECT_NE(accuracy(1, 1), accuracy(2, 1));  // other pictures
}

// 66 of 100 pictures have known labels; each of the other 34 counts one thirty-fourth.
TEST(Transfer, ClassifiesAThirdOfTheShareOfThePictures) {
  const BaseNetwork base = test_base(kNarrow);
  const Dataset task = hard_task(11, 100);  // 300
  const auto found = best_transfer(base, learned_tasks(base, {12}), task, {.share = 1.0 / 3, .threads = 1});
  ASSERT_TRUE(found);
  EXPECT_NEAR(std::remainder(found->accuracy * 34, 1), 0, 1e-9);
  EXPECT_LT(found->accuracy, 1);
}

TEST(Transfer, ReadsTheFeaturesOfConvolutions) {
  const BaseNetwork base =
      test_base("input 1x6x6; conv 8 k3 p1 nobias; batchnorm noaffine; relu; maxpool 2; flatten; linear 3 nobias");
  EXPECT_GT(best_transfer(base, learned_tasks(base, {1}), test_task(1, 60, 1), kAllPictures).value().accuracy, 0.9);
}

TEST(Transfer, WorksWithOneLayerAndWithTwoPictures) {
  const BaseNetwork base = test_base("input 1x6x6; linear 3 nobias");
  const NamedTasks known = learned_tasks(base, {1, 2});
  EXPECT_EQ(best_transfer(base, known, test_task(1), kAllPictures).value().task, 0U);  // both leave the pixels alone
  Dataset few = test_task(1, 1);
  few.labels = {1, 1};
  few.pixels.resize(2 * few.shape.size());
  EXPECT_EQ(best_transfer(base, known, few, {.share = 0.01, .threads = 1}).value().accuracy, 1);
  few.labels.resize(1);
  EXPECT_FALSE(best_transfer(base, known, few, kAllPictures));
}

TEST(Transfer, RefusesWhatDoesNotFit) {
  const auto mistake = [](const BaseNetwork& base, const Dataset& task, const TransferOptions& options) -> std::string {
    try {
      best_transfer(base, learned_tasks(base, {1}), task, options);
      return "";
    } catch (const InputError& error) {
      return error.what();
    }
  };
  const BaseNetwork base = test_base();
  EXPECT_THAT(mistake(base, test_task(1), {.share = 0}), HasSubstr("above 0 and at most 1"));
  EXPECT_THAT(mistake(base, test_task(1), {.reference = 1}), HasSubstr("between 0 and 1"));
  EXPECT_THAT(mistake(base, test_task(1), {.neighbours = 0}), HasSubstr("1 neighbour"));
  EXPECT_THAT(mistake(base, test_task(1), {.threads = -1}), HasSubstr("0 threads"));
  Dataset large = test_task(1);
  large.shape = {1, 12, 3};
  EXPECT_THAT(mistake(base, large, {}), HasSubstr("1x12x3; the base network takes 1x6x6"));
  EXPECT_THAT(mistake(test_base("input 1x6x6; conv 3 k1 nobias; globalavgpool"), test_task(1), {}),
              HasSubstr("is not fully connected"));
}

}  // namespace
}  // namespace outrider
