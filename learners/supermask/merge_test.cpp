#include "learners/supermask/merge.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/supermask/random_records.h"

namespace outrider {
namespace {

using testing::HasSubstr;

std::unique_ptr<Merge> supermask_merge() {
  auto merge = SupermaskFamily().make_merge();
  EXPECT_EQ(merge->open_space(small_base().id(), small_base().encode()), std::nullopt);
  return merge;
}

Topic task_topic(unsigned index) {
  return {std::string(kSupermaskKind), small_base().id(), "task " + std::to_string(index)};
}

Contribution said(unsigned who, unsigned what, const TaskRecord& record) {
  Contribution contribution;
  contribution.client = numbered_client(who);
  contribution.sequence = SequenceNumber{1};
  contribution.topic = task_topic(what);
  contribution.payload = record.encode();
  return contribution;
}

TaskRecord merged_record(const Merge& merge, unsigned what) {
  return TaskRecord::decode(merge.merged(task_topic(what)), small_base());
}

TEST(SupermaskMerge, OneContributorsRecordIsReturnedWithoutRanks) {
  Random random(4, "test");
  const auto merge = supermask_merge();
  const TaskRecord record = random_record(random, small_base());
  merge->put(said(1, 0, record));
  EXPECT_EQ(merge->merged(task_topic(0)), unranked(record).encode());
  EXPECT_TRUE(merge->merged(task_topic(1)).empty());
}

// Five clients and twelve tasks: tasks 0 to 3 are taught by several, each of the others by one.
constexpr unsigned kTasks = 12;
constexpr unsigned kClients = 5;
using World = std::vector<std::tuple<unsigned, unsigned, Contribution>>;

World random_world(Random& random) {
  World world;
  for (unsigned what = 0; what < kTasks; ++what)
    for (unsigned who = 0; who < kClients; ++who) {
      if (what < 4 ? who > what + 1 : who != what % kClients) continue;
      const RandomRecord options{.density = 0.3, .values = random.below(4) != 0, .ranks = random.below(4) != 0};
      world.emplace_back(who, what, said(who, what, random_record(random, small_base(), options)));
    }
  return world;
}

std::vector<Bytes> merged_tasks(const Merge& merge) {
  std::vector<Bytes> tasks;
  for (unsigned what = 0; what < kTasks; ++what) tasks.push_back(merge.merged(task_topic(what)));
  return tasks;
}

// Delivers the world in a random order, with repeats, with what clients said before they said this, and with erasures
// that are made good; reads in between, since what is read is kept.
void deliver(Merge& merge, World world, Random& random) {
  random.shuffle(std::span(world));
  for (const auto& [who, what, contribution] : world) {
    if (random.below(3) == 0) merge.put(said(who, what, random_record(random, small_base())));
    if (random.below(4) == 0) merge.erase(numbered_client(who), task_topic(what));
    for (unsigned repeats = 1 + random.below(2); repeats > 0; --repeats) merge.put(contribution);
    if (random.below(4) == 0) merge.merged(task_topic(random.below(kTasks)));
    if (random.below(4) != 0) continue;
    const auto& [other, its_task, its_contribution] = world[random.below(static_cast<std::uint32_t>(world.size()))];
    merge.erase(numbered_client(other), task_topic(its_task));
    merge.put(its_contribution);
  }
}

TEST(SupermaskMerge, DependsOnTheSetOfContributionsAlone) {
  Random random(5, "test");
  const World world = random_world(random);
  const auto first = supermask_merge();
  for (const auto& [who, what, contribution] : world) first->put(contribution);
  const auto expected = merged_tasks(*first);
  for (int order = 0; order < 200; ++order) {
    const auto merge = supermask_merge();
    deliver(*merge, world, random);
    ASSERT_EQ(merged_tasks(*merge), expected) << order;
    const auto& [who, what, contribution] = world[random.below(static_cast<std::uint32_t>(world.size()))];
    merge->erase(numbered_client(who), task_topic(what));
    EXPECT_NE(merged_tasks(*merge), expected);
    merge->put(contribution);
    ASSERT_EQ(merged_tasks(*merge), expected) << order;
  }
}

TEST(SupermaskMerge, ErasingGivesTheVeryBytesFromBefore) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed, "test");
    const auto merge = supermask_merge();
    World world = random_world(random);
    random.shuffle(std::span(world));
    std::vector<std::vector<Bytes>> history;
    for (const auto& [who, what, contribution] : world) {
      history.push_back(merged_tasks(*merge));
      merge->put(contribution);
    }
    for (std::size_t i = world.size(); i-- > 0;) {
      merge->erase(numbered_client(std::get<0>(world[i])), task_topic(std::get<1>(world[i])));
      ASSERT_EQ(merged_tasks(*merge), history[i]);
    }
    EXPECT_EQ(merged_tasks(*merge), std::vector<Bytes>(kTasks));
  }
}

TEST(SupermaskMerge, ErasingTheUnknownChangesNothing) {
  Random random(6, "test");
  const auto merge = supermask_merge();
  merge->put(said(1, 0, random_record(random, small_base())));
  const auto before = merged_tasks(*merge);
  merge->erase(numbered_client(2), task_topic(0));
  merge->erase(numbered_client(1), task_topic(1));
  EXPECT_EQ(merged_tasks(*merge), before);
}

TEST(SupermaskMerge, KeepsSpacesApart) {
  Random random(7, "test");
  const auto merge = supermask_merge();
  const BaseNetwork other = small_base(2);
  ASSERT_EQ(merge->open_space(other.id(), other.encode()), std::nullopt);
  const Contribution here = said(1, 0, random_record(random, small_base(), {.ranks = false}));
  Contribution there = said(1, 0, random_record(random, other, {.ranks = false}));
  there.topic.space = other.id();
  merge->put(here);
  merge->put(there);
  EXPECT_EQ(merge->merged(here.topic), here.payload);
  EXPECT_EQ(merge->merged(there.topic), there.payload);
}

TEST(SupermaskMerge, OpensSpacesThatAreBaseNetworks) {
  Random random(8, "test");
  const auto merge = SupermaskFamily().make_merge();
  const Contribution contribution = said(1, 0, random_record(random, small_base()));
  EXPECT_THAT(merge->objection(contribution).value_or(""), HasSubstr("is not known here"));
  EXPECT_THAT(merge->open_space(small_base().id(), {}).value_or(""), HasSubstr("the base network has 0 bytes"));
  EXPECT_THAT(merge->open_space(small_base().id(), Bytes(64)).value_or(""), HasSubstr("the base network"));
  EXPECT_TRUE(merge->objection(contribution).has_value());
  EXPECT_EQ(merge->open_space(small_base().id(), small_base().encode()), std::nullopt);
  EXPECT_EQ(merge->open_space(small_base().id(), small_base().encode()), std::nullopt);
  EXPECT_EQ(merge->objection(contribution), std::nullopt);
}

// To what client 1 says of task 0 after client 2 has spoken, changed.
template <typename Change>
std::string objection_to(Change change) {
  Random random(9, "test");
  const auto merge = supermask_merge();
  merge->put(said(2, 0, random_record(random, small_base())));
  const Bytes before = merge->merged(task_topic(0));
  Contribution changed = said(1, 0, random_record(random, small_base()));
  change(changed);
  const std::string reason = merge->objection(changed).value_or("none");
  if (reason != "none") {
    EXPECT_THROW(merge->put(changed), InputError);
    EXPECT_EQ(merge->merged(task_topic(0)), before);
  }
  return reason;
}

TEST(SupermaskMerge, ObjectsInOneSentence) {
  const auto to_record = [](auto change) {
    return objection_to([&](Contribution& contribution) {
      TaskRecord record = TaskRecord::decode(contribution.payload, small_base());
      change(record);
      contribution.payload = record.encode();
    });
  };
  EXPECT_EQ(objection_to([](auto&) {}), "none");
  EXPECT_THAT(objection_to([](auto& c) { c.topic.kind = "prototype"; }), HasSubstr("'prototype'"));
  EXPECT_THAT(objection_to([](auto& c) { c.topic.subject.clear(); }),
              HasSubstr("is empty; expected a name of 1 to 255"));
  EXPECT_THAT(objection_to([](auto& c) { c.topic.subject.assign(256, 'x'); }), HasSubstr("has 256 bytes"));
  EXPECT_THAT(objection_to([](auto& c) { c.topic.space.bytes[0] ^= 1; }), HasSubstr("is not known here"));
  EXPECT_THAT(objection_to([](auto& c) { c.payload.clear(); }), HasSubstr("the record of task 'task 0' has 0 bytes"));
  EXPECT_THAT(objection_to([](auto& c) { c.payload.erase(c.payload.end() - 8, c.payload.end()); }),
              HasSubstr("malformed"));
  EXPECT_THAT(to_record([](auto& record) { record.examples = 0; }), HasSubstr("from no example"));
  EXPECT_THAT(to_record([](auto& record) { record.statistics[0] = NAN; }), HasSubstr("not finite"));
  EXPECT_THAT(to_record([](auto& record) { std::swap(record.classes[0], record.classes[1]); }),
              HasSubstr("has class 'dog' where other clients have 'cat'"));
  EXPECT_THAT(to_record([](auto& record) { record.classes.pop_back(); }),
              HasSubstr("has 2 classes; other clients said that it has 3"));
}

TEST(SupermaskMerge, AClientMayChangeTheClassesOfATaskThatItAloneTeaches) {
  Random random(10, "test");
  const auto merge = supermask_merge();
  merge->put(said(1, 0, random_record(random, small_base())));
  const TaskRecord other = random_record(random, small_base(), {.classes = {"oak", "elm"}});
  EXPECT_TRUE(merge->objection(said(2, 0, other)).has_value());
  merge->put(said(1, 0, other));
  EXPECT_EQ(merged_record(*merge, 0), unranked(other));
  merge->put(said(2, 0, other));
  EXPECT_TRUE(merge->objection(said(1, 0, random_record(random, small_base()))).has_value());
  merge->erase(numbered_client(2), task_topic(0));
  EXPECT_FALSE(merge->objection(said(1, 0, random_record(random, small_base()))).has_value());
}

TEST(SupermaskMerge, TakesSoManyContributorsToATaskAndNoMore) {
  Random random(11, "test");
  const auto merge = supermask_merge();
  const TaskRecord record = random_record(random, small_base());
  for (unsigned who = 0; who < kMaxTaskContributors; ++who) merge->put(said(who, 0, record));
  EXPECT_EQ(merged_record(*merge, 0).examples, kMaxTaskContributors * record.examples);
  EXPECT_THAT(merge->objection(said(kMaxTaskContributors, 0, record)).value_or(""),
              HasSubstr("most contributors, 256"));
  EXPECT_EQ(merge->objection(said(7, 0, record)), std::nullopt);
  EXPECT_EQ(merge->objection(said(kMaxTaskContributors, 1, record)), std::nullopt);
  merge->erase(numbered_client(7), task_topic(0));
  EXPECT_EQ(merge->objection(said(kMaxTaskContributors, 0, record)), std::nullopt);
}

TEST(SupermaskFamily, NamesItsKind) {
  EXPECT_EQ(SupermaskFamily().kind(), "supermask");
}

}  // namespace
}  // namespace outrider
