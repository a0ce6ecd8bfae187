#include "learners/encoders/batches.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"

namespace outrider {
namespace {

using testing::ElementsAre;

// Pictures of 2x3x3 whose values tell where they stand: picture 20 n + channel 10 + row 3 + column, from 1.
Dataset numbered(std::size_t count) {
  Dataset dataset;
  dataset.shape = {2, 3, 3};
  dataset.classes = {"a", "b"};
  for (std::size_t n = 0; n < count; ++n) {
    dataset.labels.push_back(static_cast<std::uint32_t>(n % 2));
    for (std::size_t c = 0; c < 2; ++c)
      for (std::size_t i = 0; i < 9; ++i) dataset.pixels.push_back(static_cast<std::uint8_t>(20 * n + 10 * c + i + 1));
  }
  return dataset;
}

Preprocessing plain(const ImageShape& shape) {
  return {shape, false, 0, 1.0F / 255};  // values as they are
}

std::vector<std::uint8_t> changed(const Augmentation& augmentation, std::uint64_t seed) {
  const Dataset dataset = numbered(1);
  std::vector<std::uint8_t> result(18);
  Random random(seed);
  augment(dataset.image(0), dataset.shape, augmentation, random, result);
  return result;
}

// The first channels of everything that 200 seeds make of picture 0.
std::set<std::vector<int>> outcomes(const Augmentation& augmentation) {
  std::set<std::vector<int>> all;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto result = changed(augmentation, seed);
    for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(result[i] == 77, result[9 + i] == 77) << "channels move together";
    all.emplace(result.begin(), result.begin() + 9);
  }
  return all;
}

TEST(Augmentation, NoneCopies) {
  const auto result = changed({}, 1);
  EXPECT_TRUE(std::ranges::equal(result, numbered(1).image(0)));
}

TEST(Augmentation, FlipsHalfOfTheTime) {
  EXPECT_THAT(outcomes({.flip = true}),
              ElementsAre(ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9), ElementsAre(3, 2, 1, 6, 5, 4, 9, 8, 7)));
}

TEST(Augmentation, TurnsByQuarters) {
  EXPECT_THAT(outcomes({.quarter_turns = true}),
              ElementsAre(ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9), ElementsAre(3, 6, 9, 2, 5, 8, 1, 4, 7),
                          ElementsAre(7, 4, 1, 8, 5, 2, 9, 6, 3), ElementsAre(9, 8, 7, 6, 5, 4, 3, 2, 1)));
}

TEST(Augmentation, ShiftsIntoPadding) {
  const auto all = outcomes({.shift = 1, .padding = 77});
  EXPECT_EQ(all.size(), 9U);
  EXPECT_TRUE(all.contains({77, 77, 77, 77, 1, 2, 77, 4, 5}));  // down and right
  EXPECT_TRUE(all.contains({5, 6, 77, 8, 9, 77, 77, 77, 77}));  // up and left
  EXPECT_TRUE(all.contains({1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(Augmentation, BrightnessScalesWithinItsRange) {
  std::uint8_t low = 255;
  std::uint8_t high = 0;
  const std::vector<std::uint8_t> picture{100, 250};
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    std::vector<std::uint8_t> result(2);
    Random random(seed);
    augment(picture, {1, 1, 2}, {.brightness = 0.2F}, random, result);
    low = std::min(low, result[0]);
    high = std::max(high, result[0]);
    EXPECT_TRUE(result[0] <= 102 || result[1] == 255);
  }
  EXPECT_GE(low, 80);
  EXPECT_LE(low, 83);
  EXPECT_LE(high, 120);
  EXPECT_GE(high, 117);
}

TEST(Augmentation, WhatDoesNotFitIsRefused) {
  EXPECT_THROW(Augmentation{.shift = -1}.check({1, 3, 3}), InputError);
  EXPECT_THROW(Augmentation{.shift = 3}.check({1, 3, 3}), InputError);
  EXPECT_THROW(Augmentation{.quarter_turns = true}.check({1, 3, 4}), InputError);
  EXPECT_THROW(Augmentation{.brightness = 1}.check({1, 3, 3}), InputError);
  Augmentation{.shift = 2, .flip = true, .quarter_turns = true, .brightness = 0.5F}.check({1, 3, 3});
}

// Which picture each place of a batch holds, from its first value.
std::vector<int> pictures(const Batch& batch) {
  std::vector<int> found;
  for (std::size_t i = 0; i < batch.labels.size(); ++i)
    found.push_back(static_cast<int>(std::lround(batch.input[i * 18])) / 20);
  return found;
}

TEST(Batches, InOrderWithoutShuffle) {
  const Dataset dataset = numbered(7);
  Batches batches(dataset, plain(dataset.shape), {.size = 3, .shuffle = false});
  EXPECT_EQ(batches.batches_per_epoch(), 2U);
  for (std::uint64_t number = 0; number < 5; ++number) {
    const Batch& batch = batches.next();
    EXPECT_EQ(batch.number, number);
    EXPECT_EQ(batch.epoch, number / 2);
    const int first = static_cast<int>(number % 2) * 3;
    EXPECT_THAT(pictures(batch), ElementsAre(first, first + 1, first + 2));
    EXPECT_EQ(batch.labels[0], static_cast<std::uint32_t>(first % 2));
    EXPECT_FLOAT_EQ(batch.input[17], static_cast<float>(20 * first + 19));
  }
}

TEST(Batches, EachEpochHoldsEachPictureOnceInAnOrderOfItsOwn) {
  const Dataset dataset = numbered(12);
  Batches batches(dataset, plain(dataset.shape), {.size = 4, .seed = 5});
  std::set<std::vector<int>> orders;
  for (int epoch = 0; epoch < 4; ++epoch) {
    std::vector<int> order;
    for (int i = 0; i < 3; ++i)
      for (const int picture : pictures(batches.next())) order.push_back(picture);
    orders.insert(order);
    std::ranges::sort(order);
    EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
  }
  EXPECT_EQ(orders.size(), 4U);
}

std::vector<std::vector<float>> take(const BatchOptions& options, bool slowly) {
  const Dataset dataset = numbered(10);
  Batches batches(dataset, plain(dataset.shape), options);
  std::vector<std::vector<float>> inputs;
  for (int i = 0; i < 12; ++i) {
    const Batch& batch = batches.next();
    if (slowly) std::this_thread::sleep_for(std::chrono::milliseconds(2));  // the worker runs ahead
    inputs.push_back(batch.input);
  }
  return inputs;
}

TEST(Batches, DependOnTheSeedNotOnTiming) {
  const BatchOptions options{.size = 3,
                             .seed = 9,
                             .client = 1,
                             .augmentation = {.shift = 1, .flip = true, .quarter_turns = true, .brightness = 0.3F}};
  const auto expected = take(options, false);
  EXPECT_EQ(take(options, true), expected);
  EXPECT_EQ(take(options, false), expected);
  auto other = options;
  other.seed = 10;
  EXPECT_NE(take(other, false), expected);
  other = options;
  other.client = 2;
  EXPECT_NE(take(other, false), expected);
}

TEST(Batches, EndWhileTheWorkerIsBusyOrWaiting) {
  const Dataset dataset = numbered(10);
  for (int taken = 0; taken < 4; ++taken) {
    Batches batches(dataset, plain(dataset.shape), {.size = 5});
    for (int i = 0; i < taken; ++i) batches.next();
  }
}

TEST(Batches, WhatDoesNotFitIsRefused) {
  const Dataset dataset = numbered(3);
  EXPECT_THROW(Batches(dataset, plain({1, 3, 3}), {.size = 3}), InputError);
  EXPECT_THROW(Batches(dataset, plain(dataset.shape), {.size = 4}), InputError);
  EXPECT_THROW(Batches(dataset, plain(dataset.shape), {.size = 0}), InputError);
  EXPECT_THROW(Batches(dataset, plain(dataset.shape), {.size = 3, .augmentation = {.shift = 9}}), InputError);
}

}  // namespace
}  // namespace outrider
