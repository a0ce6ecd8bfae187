#include "learners/prototypical/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/prototypical/merge.h"

namespace outrider {
namespace {

using testing::HasSubstr;

constexpr std::size_t kSize = 2;
const Digest kSpaceId = Digest::of(bytes_of("encoder"));

ClientId teacher(unsigned index) {
  ClientId id;
  id.bytes[0] = static_cast<std::uint8_t>(index);
  return id;
}
const ClientId kAggregator = teacher(255);

Contribution taught(const ClientId& who, const std::string& subject, const ClassState& state) {
  Contribution result;
  result.client = who;
  result.sequence = SequenceNumber{1};
  result.topic = {std::string(kPrototypeKind), kSpaceId, subject};
  result.payload = encode(state);
  return result;
}

ClassState pictures(std::uint64_t count, float first, float second) {
  return {count, {static_cast<float>(count) * first, static_cast<float>(count) * second}, {}};
}

struct World {
  explicit World(AdmissionRules rules = {}, double largest_norm = 10, bool never_negative = true) {
    rules.base_teacher = kAggregator;
    merge = PrototypicalFamily(
                [=](ByteView) {
                  EmbeddingSpace space(kSize);
                  space.largest_norm = largest_norm;
                  space.never_negative = never_negative;
                  return space;
                },
                rules)
                .make_merge();
    EXPECT_EQ(merge->open_space(kSpaceId, {}), std::nullopt);
  }
  std::string objection(const Contribution& contribution) const { return merge->objection(contribution).value_or(""); }
  void put(const ClientId& who, const ClassState& state, const std::string& subject = "bag") {
    merge->put(taught(who, subject, state));
  }
  ClassState bag() const {
    return decode_class_state(merge->merged({std::string(kPrototypeKind), kSpaceId, "bag"}), kMergedLimits);
  }

  std::unique_ptr<Merge> merge;
};

TEST(Admission, RefusesCountsThatNoClientHas) {
  const World world;
  EXPECT_EQ(world.objection(taught(teacher(1), "bag", pictures(10'000, 1, 2))), "");
  EXPECT_THAT(world.objection(taught(teacher(1), "bag", pictures(10'001, 1, 2))),
              HasSubstr("at most 10000 pictures of a class are accepted from one client"));
  EXPECT_EQ(world.objection(taught(kAggregator, "bag", pictures(60'000, 1, 2))), "");
}

TEST(Admission, RefusesMeansThatTheEncoderCannotGive) {
  const World world;
  EXPECT_EQ(world.objection(taught(teacher(1), "bag", pictures(1, 12, 16))), "");
  EXPECT_THAT(world.objection(taught(teacher(1), "bag", pictures(1, 12, 16.1F))), HasSubstr("at most 20 long"));
  EXPECT_THAT(world.objection(taught(teacher(1), "bag", pictures(1, 1e6F, 0))), HasSubstr("at most 20 long"));
  EXPECT_THAT(world.objection(taught(teacher(1), "bag", pictures(3, 1, -0.01F))), HasSubstr("never negative"));
  const World signed_world({}, 10, false);
  EXPECT_EQ(signed_world.objection(taught(teacher(1), "bag", pictures(3, 1, -1))), "");
}

TEST(Admission, RefusesASpreadThatTheEncoderCannotGive) {
  const World world;
  ClassState wide = pictures(4, 3, 4);
  wide.deviations = {1000, 500};  // with the mean's 25: 400, the square of 20
  EXPECT_EQ(world.objection(taught(teacher(1), "bag", wide)), "");
  wide.deviations[0] = 1001;
  EXPECT_THAT(world.objection(taught(teacher(1), "bag", wide)), HasSubstr("at most 20 long"));
}

TEST(Admission, MeasuresByTheBaseClassesWhereTheEncoderSaysNothing) {
  World world({}, 0);
  EXPECT_EQ(world.objection(taught(teacher(1), "bag", pictures(1, 9e5F, 0))), "");
  ClassState base = pictures(4, 3, 4);
  base.deviations = {2, 2};  // 5 + 3 times 1
  world.put(kAggregator, base, "coat");
  EXPECT_EQ(world.objection(taught(teacher(1), "bag", pictures(1, 16, 0))), "");
  EXPECT_THAT(world.objection(taught(teacher(1), "bag", pictures(1, 16.1F, 0))), HasSubstr("at most 16 long"));
}

TEST(Admission, BoundsTheClassesThatOneClientTeaches) {
  World world({.most_classes = 2});
  const auto adds = [&](unsigned who, const std::string& subject) {
    const Contribution contribution = taught(teacher(who), subject, pictures(1, 1, 1));
    std::string reason = world.objection(contribution);
    if (reason.empty()) world.merge->put(contribution);
    return reason;
  };
  EXPECT_EQ(adds(1, "bag"), "");
  EXPECT_EQ(adds(1, "coat"), "");
  EXPECT_EQ(adds(1, "coat"), "");
  EXPECT_THAT(adds(1, "shirt"), HasSubstr("at most 2 classes"));
  EXPECT_EQ(adds(2, "shirt"), "");
  world.merge->erase(teacher(1), taught(teacher(1), "coat", pictures(1, 1, 1)).topic);
  EXPECT_EQ(adds(1, "shirt"), "");
}

TEST(Admission, WhatWasMergedBeforeThereWereRulesStays) {
  World world;
  world.put(teacher(1), pictures(1'000'000, 1, 2));
  EXPECT_EQ(world.bag(), pictures(1'000'000, 1, 2));
}

TEST(WeighedClass, WhatTheAggregatorTaughtHasNoSoleTeacher) {
  World world;
  world.put(teacher(1), pictures(3, 1, 0));
  EXPECT_NE(world.bag().sole_teacher, 0U);
  world.put(kAggregator, pictures(3, 1, 0));
  EXPECT_EQ(world.bag().sole_teacher, 0U);
  world.merge->erase(teacher(1), taught(teacher(1), "bag", pictures(1, 1, 1)).topic);
  EXPECT_EQ(world.bag().sole_teacher, 0U);

  World trusting({.trust_alone = true});
  trusting.put(teacher(1), pictures(3, 1, 0));
  EXPECT_EQ(trusting.bag().sole_teacher, 0U);
}

TEST(WeighedClass, NobodyIsLouderThanTwiceTheNext) {
  World world;
  for (unsigned who = 1; who <= 3; ++who) world.put(teacher(who), pictures(50, 1, 0));
  world.put(teacher(4), pictures(100, 0, 1));
  EXPECT_EQ(world.bag(), (ClassState{250, {150, 100}, {}}));  // the plain sum
  world.put(teacher(4), pictures(10'000, 0, 1));
  EXPECT_EQ(world.bag(), (ClassState{250, {150, 100}, {}}));
  world.merge->erase(teacher(4), taught(teacher(4), "bag", pictures(1, 1, 1)).topic);
  EXPECT_EQ(world.bag(), (ClassState{150, {150, 0}, {}}));
}

TEST(WeighedClass, AloneATeacherCountsWholeAndAFewPicturesAlwaysCount) {
  World world;
  world.put(teacher(1), pictures(6'000, 1, 0));
  EXPECT_EQ(world.bag(), (ClassState{6'000, {6'000, 0}, {}}));
  world.put(teacher(2), pictures(1, 0, 1));
  EXPECT_EQ(world.bag(), (ClassState{51, {50, 1}, {}}));
}

TEST(WeighedClass, InABaseClassAClientCountsForAFifthOfTheBaseAtMost) {
  World world;
  world.put(teacher(1), pictures(6'000, 0, 1));
  world.put(kAggregator, pictures(1'000, 1, 0));
  EXPECT_EQ(world.bag(), (ClassState{1'200, {1'000, 200}, {}}));
  world.put(teacher(2), pictures(10, 0, 1));
  EXPECT_EQ(world.bag(), (ClassState{1'210, {1'000, 210}, {}}));

  World open({.open_base = true});
  open.put(teacher(1), pictures(6'000, 0, 1));
  open.put(kAggregator, pictures(1'000, 1, 0));
  EXPECT_EQ(open.bag(), (ClassState{3'000, {1'000, 2'000}, {}}));
}

}  // namespace
}  // namespace outrider
