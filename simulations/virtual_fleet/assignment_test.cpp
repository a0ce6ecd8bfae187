#include "simulations/virtual_fleet/assignment.h"

#include <algorithm>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/data/split.h"

namespace outrider::simulations {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;
using ::testing::UnorderedElementsAreArray;

// Labels without pixels; of `absent` there is no picture.
Dataset labels(std::size_t classes, std::size_t pictures, std::uint32_t absent = ~0U) {
  Dataset data;
  for (std::size_t label = 0; label < classes; ++label) data.classes.push_back(std::to_string(label));
  for (std::size_t i = 0; data.labels.size() < pictures; ++i)
    if (i % classes != absent) data.labels.push_back(static_cast<std::uint32_t>(i % classes));
  return data;
}

Federation federation_of(std::size_t clients, std::size_t steps, std::size_t classes_at_once = 0) {
  Federation federation;
  federation.plan.clients = clients;
  federation.plan.rendezvous = steps;
  federation.plan.classes_at_once = classes_at_once;
  return federation;
}

std::vector<std::size_t> all_of(const Assignment& assignment, std::size_t client) {
  std::vector<std::size_t> all;
  for (std::size_t step = 0; step < assignment.steps(); ++step)
    for (const std::uint32_t picture : assignment.pictures(client, step)) all.push_back(picture);
  return all;
}

TEST(Assignment, GivesEveryClientExactlyItsShareWhateverThePartition) {
  Dataset data = labels(10, 3000);
  data.group_names = {"a", "b", "c", "d", "e", "f", "g", "h"};
  for (std::size_t i = 0; i < data.size(); ++i) data.groups.push_back(static_cast<std::uint32_t>(i * i % 8));
  for (std::uint32_t group = 0; group < 8; ++group) data.groups[group] = group;
  const std::map<PartitionKind, Partition> expected{
      {PartitionKind::iid, partition_iid(data, 7, 5)},
      {PartitionKind::dirichlet, partition_dirichlet(data, 7, 0.3, 5)},
      {PartitionKind::shards, partition_shards(data, 7, 3, 5)},
      {PartitionKind::quantity, partition_quantity(data, 7, 0.3, 5)},
      {PartitionKind::natural, partition_by_group(data, 7, 5)},
  };
  for (const auto& [kind, shares] : expected) {
    Federation federation = federation_of(7, 6, 2);
    federation.partition = {.kind = kind, .alpha = 0.3, .shards_per_client = 3};
    const Assignment assignment(federation, data, 5);
    ASSERT_EQ(assignment.clients(), 7u);
    EXPECT_EQ(assignment.size(), data.size());
    for (std::size_t client = 0; client < 7; ++client)
      EXPECT_THAT(all_of(assignment, client), UnorderedElementsAreArray(shares[client]));
  }
}

TEST(Assignment, KeepsAtMostThePicturesPerClientOfItsShare) {
  const Dataset data = labels(10, 2000);
  Federation federation = federation_of(40, 5, 2);
  federation.partition = {.kind = PartitionKind::dirichlet, .alpha = 0.1, .pictures_per_client = 20};
  const Assignment assignment(federation, data, 3);
  const Partition shares = partition_dirichlet(data, 40, 0.1, 3);
  std::size_t sum = 0;
  for (std::size_t client = 0; client < 40; ++client) {
    const std::vector<std::size_t> all = all_of(assignment, client);
    EXPECT_THAT(all, SizeIs(std::min<std::size_t>(20, shares[client].size())));
    EXPECT_EQ(std::set(all.begin(), all.end()).size(), all.size());
    EXPECT_TRUE(std::ranges::all_of(
        all, [&](std::size_t picture) { return std::ranges::binary_search(shares[client], picture); }));
    sum += all.size();
  }
  EXPECT_EQ(assignment.size(), sum);
}

TEST(Assignment, BringsClassesInTurnAndTheirPicturesNeverBefore) {
  const Dataset data = labels(10, 1000, 4);
  const Assignment assignment(federation_of(5, 6, 2), data, 1);
  std::set<std::uint32_t> come;
  for (std::size_t step = 0; step < 6; ++step) {
    for (const std::uint32_t label : assignment.new_classes(step)) EXPECT_TRUE(come.insert(label).second);
    EXPECT_EQ(come.size(), std::min<std::size_t>(9, 2 * (step + 1)));
    EXPECT_THAT(assignment.classes(step), UnorderedElementsAreArray(come));
    for (std::size_t client = 0; client < 5; ++client)
      for (const std::uint32_t picture : assignment.pictures(client, step))
        EXPECT_TRUE(come.contains(data.labels[picture])) << "step " << step;
  }
  EXPECT_FALSE(come.contains(4));
  EXPECT_THAT(assignment.new_classes(5), IsEmpty());
}

TEST(Assignment, HasAllClassesFromTheFirstStepUnlessTheyComeInTurn) {
  const Assignment assignment(federation_of(3, 4), labels(10, 100), 1);
  EXPECT_THAT(assignment.classes(0), SizeIs(10));
  EXPECT_THAT(assignment.new_classes(0), SizeIs(10));
  EXPECT_THAT(assignment.new_classes(1), IsEmpty());
}

TEST(Assignment, SpreadsTheStepsOfAClassEvenly) {
  const Assignment one(federation_of(1, 10), labels(1, 1000), 1);
  for (std::size_t step = 0; step < 10; ++step) EXPECT_THAT(one.pictures(0, step), SizeIs(100));
  // Also where a client has less than one picture of a class for each step.
  const Assignment many(federation_of(2000, 10), labels(2, 4000), 1);
  for (std::size_t step = 0; step < 10; ++step) {
    std::size_t sum = 0;
    for (std::size_t client = 0; client < 2000; ++client) sum += many.pictures(client, step).size();
    EXPECT_NEAR(static_cast<double>(sum), 400, 80) << "step " << step;
  }
}

TEST(Assignment, IsAPureFunctionOfItsArguments) {
  const Dataset data = labels(10, 600);
  const Federation federation = federation_of(6, 5, 2);
  const Assignment first(federation, data, 1);
  const Assignment again(federation, data, 1);
  const Assignment other(federation, data, 2);
  bool differs = false;
  for (std::size_t client = 0; client < 6; ++client)
    for (std::size_t step = 0; step < 5; ++step) {
      EXPECT_THAT(again.pictures(client, step), ElementsAreArray(first.pictures(client, step)));
      differs |= !std::ranges::equal(other.pictures(client, step), first.pictures(client, step));
    }
  EXPECT_TRUE(differs);
  EXPECT_THAT(again.classes(4), ElementsAreArray(first.classes(4)));
}

TEST(Assignment, RefusesWhatTheDataDoNotHave) {
  const Dataset data = labels(10, 100);
  const auto assign = [&](const Federation& federation) { return [&] { Assignment(federation, data, 1); }; };
  const Federation crowded = federation_of(101, 1);
  EXPECT_THAT(assign(crowded), ThrowsMessage<InputError>(HasSubstr("101 clients")));
  const Federation hasty = federation_of(3, 4, 2);
  EXPECT_THAT(assign(hasty), ThrowsMessage<InputError>(HasSubstr("10 classes, 2 at once, cannot all come in 4 steps")));
  Federation natural = federation_of(3, 1);
  natural.partition.kind = PartitionKind::natural;
  EXPECT_THAT(assign(natural), ThrowsMessage<InputError>(HasSubstr("who made its pictures")));
}

}  // namespace
}  // namespace outrider::simulations
