#include "simulations/task_incremental/task_sequence.h"

#include <algorithm>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "simulations/test_studies.h"

namespace outrider::simulations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string refusal_of(const Study& study, const DatasetPair& data) {
  try {
    const TaskSequence tasks(study, data, 1);
    return "";
  } catch (const InputError& error) {
    return error.what();
  }
}

// The pictures of a data set as a set of bytes.
std::multiset<std::string> pictures_in(const Dataset& data) {
  std::multiset<std::string> pictures;
  for (std::size_t i = 0; i < data.size(); ++i) pictures.emplace(data.image(i).begin(), data.image(i).end());
  return pictures;
}

TEST(TaskSequence, SplitTasksHaveTheClassesInOrderWithLabelsOfTheirOwn) {
  const DatasetPair data = bright_places_pair(7, 5, 3);
  const TaskSequence tasks(small_study(), data, 1);
  EXPECT_EQ(tasks.size(), 3u);
  EXPECT_EQ(tasks.outputs(), 2u);
  EXPECT_EQ(tasks.name(0), "task-01");
  EXPECT_THAT(tasks.train(2).classes, ElementsAre("4", "5"));
  EXPECT_EQ(tasks.test(2).classes, tasks.train(2).classes);
  EXPECT_EQ(tasks.train(2).size(), 10u);
  EXPECT_EQ(tasks.test(2).size(), 6u);
  EXPECT_EQ(tasks.least_pictures(), 10u);
  std::multiset<std::string> expected;
  for (std::size_t i = 0; i < data.train.size(); ++i)
    if (data.train.labels[i] == 4 || data.train.labels[i] == 5)
      expected.emplace(data.train.image(i).begin(), data.train.image(i).end());
  EXPECT_EQ(pictures_in(tasks.train(2)), expected);
  for (const std::uint32_t label : tasks.train(2).labels) EXPECT_LT(label, 2u);
}

TEST(TaskSequence, PermutedTasksHaveAllClassesUnderAnOrderOfPixelsOfTheirOwn) {
  const DatasetPair data = bright_places_pair(4, 5, 3);
  const TaskSequence tasks(small_study(TaskKind::permuted), data, 1);
  EXPECT_EQ(tasks.outputs(), 4u);
  EXPECT_EQ(tasks.train(0).pixels, data.train.pixels) << "the first task is the data set as it is";
  const Dataset second = tasks.train(1);
  EXPECT_EQ(second.labels, data.train.labels);
  EXPECT_NE(second.pixels, data.train.pixels);
  EXPECT_NE(second.pixels, tasks.train(2).pixels);
  // One order for all pictures, of either part: where two pixels of a task are the same place, they always are.
  std::vector<std::size_t> place(64, 64);
  for (std::size_t pixel = 0; pixel < 64; ++pixel)
    for (std::size_t from = 0; from < 64; ++from) {
      bool same = true;
      for (std::size_t i = 0; i < second.size(); ++i) same &= second.image(i)[pixel] == data.train.image(i)[from];
      if (same) place[pixel] = from;
    }
  const Dataset judged = tasks.test(1);
  for (std::size_t i = 0; i < judged.size(); ++i)
    for (std::size_t pixel = 0; pixel < 64; ++pixel) {
      ASSERT_LT(place[pixel], 64u);
      ASSERT_EQ(judged.image(i)[pixel], data.test.image(i)[place[pixel]]);
    }
}

TEST(TaskSequence, ChannelsArePermutedAlike) {
  DatasetPair data = bright_places_pair(2, 3, 3);
  for (Dataset* part : {&data.train, &data.test}) {
    std::vector<std::uint8_t> pixels;
    for (std::size_t i = 0; i < part->size(); ++i)
      for (int channel = 0; channel < 3; ++channel)
        for (const std::uint8_t pixel : part->image(i)) pixels.push_back(static_cast<std::uint8_t>(pixel + channel));
    part->pixels = pixels;
    part->shape.channels = 3;
  }
  Study study = small_study(TaskKind::permuted);
  study.preprocessing.input.channels = 3;
  const Dataset second = TaskSequence(study, data, 1).train(1);
  for (std::size_t i = 0; i < second.size(); ++i)
    for (std::size_t pixel = 0; pixel < 64; ++pixel)
      ASSERT_EQ(second.image(i)[pixel + 128], second.image(i)[pixel] + 2);
}

TEST(TaskSequence, SubsetsAndOrdersFollowTheSeed) {
  const DatasetPair data = bright_places_pair(6, 20, 20);
  Study study = small_study();
  study.tasks.train_pictures = 7;
  study.tasks.test_pictures = 4;
  const Dataset first = TaskSequence(study, data, 1).train(1);
  EXPECT_EQ(first.size(), 14u);
  EXPECT_EQ(std::ranges::count(first.labels, 0u), 7);
  EXPECT_EQ(TaskSequence(study, data, 1).test(1).size(), 8u);
  EXPECT_EQ(first, TaskSequence(study, data, 1).train(1));
  EXPECT_NE(pictures_in(first), pictures_in(TaskSequence(study, data, 2).train(1)));
  study.tasks.kind = TaskKind::permuted;
  study.tasks.train_pictures = 0;
  EXPECT_NE(TaskSequence(study, data, 1).train(1), TaskSequence(study, data, 2).train(1));
}

TEST(TaskSequence, NamesSortAsTheTasksAreNumbered) {
  Study study = small_study(TaskKind::permuted);
  study.tasks.count = 120;
  const TaskSequence tasks(study, bright_places_pair(2, 2, 2), 1);
  EXPECT_EQ(tasks.name(0), "task-001");
  EXPECT_EQ(tasks.name(119), "task-120");
}

TEST(TaskSequence, SaysWhatTheDataSetLacks) {
  EXPECT_THAT(refusal_of(small_study(), bright_places_pair(5, 2, 2)), HasSubstr("need 6 classes"));
  Study greedy = small_study();
  greedy.tasks.train_pictures = 3;
  EXPECT_THAT(refusal_of(greedy, bright_places_pair(6, 2, 2)), HasSubstr("class '0' has 2 pictures"));
  DatasetPair data = bright_places_pair(6, 2, 2);
  data.test.classes[0] = "else";
  EXPECT_THAT(refusal_of(small_study(), data), HasSubstr("different classes"));
  data.test = {};
  EXPECT_THAT(refusal_of(small_study(), data), HasSubstr("no test part"));
}

}  // namespace
}  // namespace outrider::simulations
