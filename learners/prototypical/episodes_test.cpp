#include "learners/prototypical/episodes.h"

#include <cmath>
#include <functional>
#include <set>

#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/random.h"

namespace outrider {
namespace {

// `sizes[k]` pictures of class k, shuffled; the pixels of a picture spell its index.
Dataset make_dataset(const std::vector<std::uint32_t>& sizes, ImageShape shape = {1, 2, 2}) {
  Dataset dataset;
  dataset.shape = shape;
  for (std::uint32_t k = 0; k < sizes.size(); ++k) {
    dataset.classes.push_back("class " + std::to_string(k));
    dataset.labels.insert(dataset.labels.end(), sizes[k], k);
  }
  Random(1, "test").shuffle(std::span(dataset.labels));
  for (std::size_t i = 0; i < dataset.size(); ++i)
    dataset.pixels.insert(dataset.pixels.end(), shape.size(), static_cast<std::uint8_t>(i));
  return dataset;
}

TEST(EpisodeSampler, DrawsDistinctClassesAndPictures) {
  const Dataset dataset = make_dataset(std::vector<std::uint32_t>(8, 6));
  const EpisodeShape shape{.way = 5, .shots = 2, .queries = 3};
  const EpisodeSampler sampler(dataset, shape, 7);
  for (std::uint64_t number = 0; number < 50; ++number) {
    const Episode episode = sampler.sample(number);
    ASSERT_EQ(episode.support.size(), 10u);
    ASSERT_EQ(episode.queries.size(), 15u);
    std::set<std::uint32_t> pictures, labels;
    for (std::uint32_t k = 0; k < shape.way; ++k) {
      const std::uint32_t label = dataset.labels[episode.support[k * shape.shots].index];
      labels.insert(label);
      for (std::uint32_t i = 0; i < shape.shots; ++i) {
        EXPECT_EQ(dataset.labels[episode.support[k * shape.shots + i].index], label);
        pictures.insert(episode.support[k * shape.shots + i].index);
      }
      for (std::uint32_t i = 0; i < shape.queries; ++i) {
        EXPECT_EQ(dataset.labels[episode.queries[k * shape.queries + i].index], label);
        pictures.insert(episode.queries[k * shape.queries + i].index);
      }
    }
    EXPECT_EQ(labels.size(), 5u);
    EXPECT_EQ(pictures.size(), 25u);
  }
}

TEST(EpisodeSampler, DependsOnSeedAndNumberAlone) {
  const Dataset dataset = make_dataset(std::vector<std::uint32_t>(9, 9));
  const EpisodeShape shape{.way = 4, .shots = 1, .queries = 2};
  const EpisodeSampler one(dataset, shape, 7), same(dataset, shape, 7), other(dataset, shape, 8);
  const Episode third = one.sample(3);
  one.sample(99);
  EXPECT_EQ(same.sample(3), third);
  EXPECT_NE(other.sample(3), third);
  EXPECT_NE(one.sample(4), third);
}

TEST(EpisodeSampler, DrawsEveryClassAboutEquallyOften) {
  const Dataset dataset = make_dataset(std::vector<std::uint32_t>(10, 4));
  const EpisodeSampler sampler(dataset, {.way = 3, .shots = 1, .queries = 1}, 1);
  std::vector<int> drawn(10);
  for (std::uint64_t number = 0; number < 2000; ++number)
    for (const auto& picture : sampler.sample(number).support) ++drawn[dataset.labels[picture.index]];
  for (const int count : drawn) EXPECT_NEAR(count, 600, 80);  // four standard deviations
}

TEST(EpisodeSampler, LeavesOutSmallClassesAndUnwantedLabels) {
  const Dataset dataset = make_dataset({5, 2, 5, 5, 5});
  const EpisodeShape shape{.way = 2, .shots = 1, .queries = 2};
  EXPECT_EQ(EpisodeSampler(dataset, shape, 1).candidates(), 4u);
  const EpisodeSampler sampler(dataset, shape, 1, std::vector<std::uint32_t>{0, 1, 3});
  EXPECT_EQ(sampler.candidates(), 2u);
  for (std::uint64_t number = 0; number < 20; ++number)
    for (const auto& picture : sampler.sample(number).support) {
      const std::uint32_t label = dataset.labels[picture.index];
      EXPECT_TRUE(label == 0 || label == 3) << label;
    }
}

TEST(EpisodeSampler, RotationsAreFurtherClasses) {
  const Dataset dataset = make_dataset({4, 4});
  const EpisodeSampler sampler(dataset, {.way = 8, .shots = 1, .queries = 1, .rotations = true}, 1);
  EXPECT_EQ(sampler.candidates(), 8u);
  const Episode episode = sampler.sample(0);
  std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
  for (std::size_t k = 0; k < 8; ++k) {
    seen.emplace(dataset.labels[episode.support[k].index], episode.support[k].quarter_turns);
    EXPECT_EQ(episode.queries[k].quarter_turns, episode.support[k].quarter_turns);
  }
  EXPECT_EQ(seen.size(), 8u);
}

TEST(EpisodeSampler, RefusesWhatCannotBeDrawn) {
  const Dataset dataset = make_dataset({5, 5, 5});
  EXPECT_THROW(EpisodeSampler(dataset, {.way = 4, .shots = 1, .queries = 1}, 1), InputError);
  EXPECT_THROW(EpisodeSampler(dataset, {.way = 3, .shots = 3, .queries = 3}, 1), InputError);
  EXPECT_THROW(EpisodeSampler(dataset, {.way = 1, .shots = 1, .queries = 1}, 1), InputError);
  EXPECT_THROW(EpisodeSampler(dataset, {.way = 2, .shots = 0, .queries = 1}, 1), InputError);
  EXPECT_THROW(EpisodeSampler(dataset, {.way = 2, .shots = 1, .queries = 0}, 1), InputError);
  EXPECT_THROW(EpisodeSampler(dataset, {.way = 2}, 1, std::vector<std::uint32_t>{0, 3}), InputError);
  const Dataset oblong = make_dataset({5, 5, 5}, {1, 2, 3});
  EXPECT_THROW(EpisodeSampler(oblong, {.way = 2, .queries = 1, .rotations = true}, 1), InputError);
  EXPECT_NO_THROW(EpisodeSampler(oblong, {.way = 2, .queries = 1}, 1));
}

TEST(Rotate, TurnsCounterClockwise) {
  const ImageShape shape{2, 2, 2};
  const std::vector<std::uint8_t> picture{1, 2, 3, 4, 5, 6, 7, 8};
  auto turned = [&](std::uint32_t turns) {
    std::vector<std::uint8_t> result(8);
    rotate(picture, shape, turns, result);
    return result;
  };
  EXPECT_EQ(turned(0), picture);
  EXPECT_EQ(turned(1), (std::vector<std::uint8_t>{2, 4, 1, 3, 6, 8, 5, 7}));
  EXPECT_EQ(turned(2), (std::vector<std::uint8_t>{4, 3, 2, 1, 8, 7, 6, 5}));
  EXPECT_EQ(turned(3), (std::vector<std::uint8_t>{3, 1, 4, 2, 7, 5, 8, 6}));
}

TEST(Rotate, FourQuarterTurnsAreNone) {
  const ImageShape shape{3, 5, 5};
  std::vector<std::uint8_t> picture(shape.size()), current, next(shape.size());
  Random random(1, "test");
  for (auto& value : picture) value = static_cast<std::uint8_t>(random.below(256));
  current = picture;
  for (std::uint32_t turns = 1; turns <= 4; ++turns) {
    rotate(current, shape, 1, next);
    std::swap(current, next);
    if (turns == 4) break;
    rotate(picture, shape, turns, next);
    EXPECT_EQ(current, next);
  }
  EXPECT_EQ(current, picture);
}

std::vector<float> episode_embeddings(std::size_t size, std::uint64_t seed) {
  Random random(seed, "embeddings");
  std::vector<float> values(size);
  for (float& value : values) value = random.normal();
  return values;
}

TEST(PrototypicalLoss, EqualsAHandComputedExample) {
  // Prototypes 0 (mean of -1 and 1) and 2; queries 0.5 (class 0) and 0 (class 1, which is nearer to class 0).
  const EpisodeShape shape{.way = 2, .shots = 2, .queries = 1};
  const EpisodeScore score = prototypical_loss(shape, std::vector<float>{-1, 1, 1, 3}, std::vector<float>{0.5f, 0});
  const double first = std::log(1 + std::exp(0.25 - 2.25));
  const double second = std::log(1 + std::exp(4.0 - 0.0));
  EXPECT_NEAR(score.loss, (first + second) / 2, 1e-12);
  EXPECT_EQ(score.accuracy, 0.5);
}

TEST(PrototypicalLoss, UntellableClassesCostTheLogarithmOfTheWay) {
  const EpisodeShape shape{.way = 5, .shots = 1, .queries = 2};
  const EpisodeScore score = prototypical_loss(shape, std::vector<float>(5 * 3), std::vector<float>(10 * 3));
  EXPECT_NEAR(score.loss, std::log(5.0), 1e-12);
  EXPECT_NEAR(score.accuracy, 0.2, 1e-12);
}

TEST(PrototypicalLoss, StaysFiniteFarAway) {
  const EpisodeShape shape{.way = 2, .shots = 1, .queries = 1};
  std::vector<float> by_support(2), by_query(2);
  const EpisodeScore score =
      prototypical_loss(shape, std::vector<float>{-1e4f, 1e4f}, std::vector<float>{1e4f, -1e4f}, by_support, by_query);
  EXPECT_NEAR(score.loss, 4e8, 1);
  EXPECT_EQ(score.accuracy, 0);
  for (const float gradient : by_support) EXPECT_TRUE(std::isfinite(gradient));
}

TEST(PrototypicalLoss, GradientsAgreeWithFiniteDifferences) {
  struct Case {
    EpisodeShape shape;
    std::size_t dimension = 0;
  };
  for (const Case& tried :
       {Case{{.way = 3, .shots = 1, .queries = 1}, 1}, Case{{.way = 4, .shots = 3, .queries = 2}, 5},
        Case{{.way = 2, .shots = 2, .queries = 4}, 9}}) {
    const auto& shape = tried.shape;
    auto support = episode_embeddings(shape.support_size() * tried.dimension, 1);
    auto queries = episode_embeddings(shape.query_size() * tried.dimension, 2);
    std::vector<float> by_support(support.size(), 99), by_query(queries.size(), 99);
    prototypical_loss(shape, support, queries, by_support, by_query);
    auto slope = [&](float& value) {
      const float kept = value, step = 0x1p-8f;
      value = kept + step;
      const double above_at = static_cast<double>(value);
      const double above = prototypical_loss(shape, support, queries).loss;
      value = kept - step;
      const double below = prototypical_loss(shape, support, queries).loss;
      const double width = above_at - static_cast<double>(value);
      value = kept;
      return (above - below) / width;
    };
    for (std::size_t i = 0; i < support.size(); ++i) EXPECT_NEAR(slope(support[i]), by_support[i], 1e-4);
    for (std::size_t i = 0; i < queries.size(); ++i) EXPECT_NEAR(slope(queries[i]), by_query[i], 1e-4);
  }
}

TEST(PrototypicalLoss, GradientDescentLearns) {
  const EpisodeShape shape{.way = 4, .shots = 2, .queries = 3};
  auto support = episode_embeddings(shape.support_size() * 6, 3);
  auto queries = episode_embeddings(shape.query_size() * 6, 4);
  std::vector<float> by_support(support.size()), by_query(queries.size());
  const double before = prototypical_loss(shape, support, queries).loss;
  for (int step = 0; step < 200; ++step) {
    prototypical_loss(shape, support, queries, by_support, by_query);
    for (std::size_t i = 0; i < support.size(); ++i) support[i] -= 0.2f * by_support[i];
    for (std::size_t i = 0; i < queries.size(); ++i) queries[i] -= 0.2f * by_query[i];
  }
  const EpisodeScore after = prototypical_loss(shape, support, queries);
  EXPECT_LT(after.loss, before / 10);
  EXPECT_EQ(after.accuracy, 1);
}

}  // namespace
}  // namespace outrider
