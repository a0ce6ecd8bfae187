#include "learners/growing/growing_task.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/averaging/test_clients.h"
#include "learners/growing/growing_memory.h"
#include "learners/growing/growth_record.h"
#include "learners/growing/test_growth.h"

namespace outrider::growing {
namespace {

using testing::HasSubstr;

TEST(GrowingTask, Travels) {
  GrowingTask task = test_growing_task();
  task.small.sharing = 3;
  task.parts = 3;
  task.seed = 77;
  task.crossings = {CrossingRule::kCopy, 0.3F, 77};
  task.alone = {.batch = 5, .epochs = 2, .steps = 9, .rate = 0.5F};
  EXPECT_EQ(GrowingTask::decode(task.encode()), task);
  EXPECT_EQ(GrowingTask::decode(task.encode()).id(), task.id());
}

TEST(GrowingTask, IsToldFromOtherDefinitions) {
  const Bytes bytes = test_growing_task().encode();
  EXPECT_TRUE(GrowingTask::recognises(bytes));
  EXPECT_FALSE(averaging::LearningTask::recognises(bytes));
  EXPECT_THROW(Encoder::decode(bytes), InputError);
  EXPECT_FALSE(GrowingTask::recognises(averaging::small_task("fedavg").encode()));
  EXPECT_FALSE(GrowingTask::recognises(Bytes{1, 2, 3}));
}

TEST(GrowingTask, RefusesWhatIsNone) {
  const auto objection = [](auto spoil) {
    GrowingTask task = test_growing_task();
    spoil(task);
    return objection_of([&] { task.encode(); }).value_or("");
  };
  EXPECT_EQ(objection([](auto&) {}), "");
  EXPECT_THAT(objection([](auto& t) { t.classes.pop_back(); }), HasSubstr("2 classes and 3 outputs"));
  EXPECT_THAT(objection([](auto& t) { t.classes[0] = t.classes[1]; }), HasSubstr("one name"));
  EXPECT_THAT(objection([](auto& t) { t.classes[0] = ""; }),
              HasSubstr("the growing task has class 0, whose name is empty"));
  EXPECT_THAT(objection([](auto& t) { t.classes[0] = "caf\xE9"; }),
              HasSubstr("class 0, whose name is not UTF-8 at byte 3"));
  EXPECT_THAT(objection([](auto& t) { t.parts = 1; }), HasSubstr("1 parts"));
  EXPECT_THAT(objection([](auto& t) { t.parts = 17; }), HasSubstr("parts"));
  EXPECT_THAT(objection([](auto& t) { t.small.templates = 0; }), HasSubstr("templates"));
  EXPECT_THAT(objection([](auto& t) { t.alone.batch = 0; }), HasSubstr("parts"));
  EXPECT_THAT(objection([](auto& t) { t.crossing.rate = NAN; }), HasSubstr("crossings"));
  EXPECT_THAT(objection([](auto& t) { t.crossings.factor = INFINITY; }), HasSubstr("finite"));
  EXPECT_THAT(objection([](auto& t) { t.crossings.seed = 5; }), HasSubstr("seed"));
  EXPECT_THAT(objection([](auto& t) { t.preprocessing.deviation = 0; }), HasSubstr("deviation"));
  EXPECT_THAT(objection([](auto& t) { t.preprocessing.input.width = 7; }), HasSubstr("1x6x7"));
  EXPECT_THAT(objection([](auto& t) { t.small.part = nn::parse_network("input 1x6x6; linear 3"); }),
              HasSubstr("cannot grow"));
  EXPECT_THAT(objection([](auto& t) {
                t.small.part = nn::parse_network("input 1x6x6; linear 1024; linear 1024; linear 3");
                t.small.templates = MixtureForm::kMostTemplates;
              }),
              HasSubstr("expected at most"));
}

TEST(GrowingTask, IsReadWithoutTrust) {
  const Bytes good = test_growing_task().encode();
  for (std::size_t size = 0; size < good.size(); size += 8)
    EXPECT_THROW(GrowingTask::decode(ByteView(good).first(size)), InputError) << size;
  for (std::size_t bit = 0; bit < good.size() * 8; bit += 3) {
    Bytes spoiled = good;
    spoiled[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    if (const auto objection = objection_of([&] { GrowingTask::decode(spoiled); })) {
      EXPECT_FALSE(objection->empty());
    }
  }
}

TEST(GrowthRecord, BringsAllThatIsNeededToRebuildTheNetwork) {
  const GrowingTask task = test_growing_task();
  const GrowthRecord record = test_record(task);
  const GrowthRecord there = GrowthRecord::decode(record.encode(), task);
  EXPECT_EQ(there, record);
  EXPECT_EQ(there.grown(), grow(record.parts, task.crossings));
}

TEST(GrowthRecord, RefusesAnotherGrowth) {
  const GrowingTask task = test_growing_task();
  const auto objection = [&](auto spoil) {
    GrowthRecord record = test_record(task);
    spoil(record);
    return objection_of([&] { GrowthRecord::decode(record.encode(), task); }).value_or("");
  };
  EXPECT_EQ(objection([](auto&) {}), "");
  EXPECT_THAT(objection([](auto& r) { r.clients.pop_back(); }), HasSubstr("of 1 clients"));
  EXPECT_THAT(objection([](auto& r) { r.parts.pop_back(); }), HasSubstr("brings 1"));
  EXPECT_THAT(objection([](auto& r) { std::swap(r.parts[0], r.parts[1]); }), HasSubstr("another part 0"));
  EXPECT_THAT(objection([](auto& r) { r.event.crossings.factor = 3; }), HasSubstr("other rules"));
  const Bytes bytes = test_record(task).encode();
  for (std::size_t size = 0; size < bytes.size(); size += 64)
    EXPECT_THROW(GrowthRecord::decode(ByteView(bytes).first(size), task), InputError) << size;
}

TEST(GrowingMemory, KeepsEverything) {
  const GrowingMemory memory{Digest::of(Bytes{1}), Digest::of(Bytes{2}), {1, 2, 3}};
  EXPECT_EQ(GrowingMemory::decode(memory.encode()), memory);
  const Bytes bytes = memory.encode();
  for (std::size_t size = 0; size < bytes.size(); size += 8)
    EXPECT_THROW(GrowingMemory::decode(ByteView(bytes).first(size)), InputError) << size;
}

}  // namespace
}  // namespace outrider::growing
