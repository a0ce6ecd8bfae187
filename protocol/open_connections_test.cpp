#include "protocol/open_connections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider::protocol {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(OpenConnections, AsManyAsMayBeStay) {
  OpenConnections open(3);
  for (int descriptor = 1; descriptor <= 3; ++descriptor) open.accepted(descriptor, "a");
  EXPECT_THAT(open.excess(), IsEmpty());
  open.accepted(4, "a");
  EXPECT_THAT(open.excess(), ElementsAre(1));
  EXPECT_THAT(open.excess(), IsEmpty()) << "it is named once";
  EXPECT_EQ(open.size(), 4u) << "it is there until it is closed";
  open.closed(1);
  EXPECT_EQ(open.size(), 3u);
  EXPECT_THAT(open.excess(), IsEmpty());
}

TEST(OpenConnections, WhoHasSaidNothingGoesBeforeWhoHas) {
  OpenConnections open(3);
  for (int descriptor = 1; descriptor <= 4; ++descriptor) open.accepted(descriptor, "a");
  open.heard(1, 100, true);
  EXPECT_THAT(open.excess(), ElementsAre(2));
}

TEST(OpenConnections, TheHostWithMostGivesWay) {
  OpenConnections open(4);
  open.accepted(1, "honest");
  for (int descriptor = 2; descriptor <= 5; ++descriptor) open.accepted(descriptor, "flood");
  EXPECT_THAT(open.excess(), ElementsAre(2));
  for (const int descriptor : {1, 3, 4, 5}) open.heard(descriptor, 100, true);
  open.accepted(6, "other");  // has its eighth
  EXPECT_THAT(open.excess(), ElementsAre(3)) << "all others have talked: the flood's that was silent for longest";
}

TEST(OpenConnections, ANewcomerHasATurnAmongThoseWhoAllTalk) {
  OpenConnections open(16);
  for (int descriptor = 1; descriptor <= 16; ++descriptor) {
    open.accepted(descriptor, "a");
    open.heard(descriptor, 100, true);
  }
  open.heard(1, 100, true);
  open.accepted(17, "a");
  EXPECT_THAT(open.excess(), ElementsAre(2));
  open.accepted(18, "a");
  EXPECT_THAT(open.excess(), ElementsAre(3));
  open.accepted(19, "a");
  EXPECT_THAT(open.excess(), ElementsAre(17)) << "two of sixteen are for newcomers; the third takes the first one's";
}

TEST(OpenConnections, WhatIsHeardBeforeTheConnectionIsKnownCounts) {
  OpenConnections open(1);
  open.heard(1, 100, true);
  open.accepted(1, "a");
  ASSERT_NE(open.find(1), nullptr);
  EXPECT_TRUE(open.find(1)->proven);
  open.closed(1);
  open.accepted(1, "b");  // the number again, another connection
  EXPECT_FALSE(open.find(1)->proven);
  open.accepted(1, "c");  // and again, though its end was never told
  EXPECT_EQ(open.find(1)->host, "c");
  EXPECT_EQ(open.size(), 1u);
}

TEST(OpenConnections, WhatMakesNoSenseProvesNothing) {
  OpenConnections open(2);
  open.accepted(1, "a");
  open.accepted(2, "a");
  EXPECT_EQ(open.greeting(), 2u);
  open.heard(1, 100, false);
  open.heard(2, 100, true);
  open.heard(2, 11, false);
  EXPECT_EQ(open.greeting(), 0u);
  EXPECT_EQ(open.find(2)->taken, 111u);
  open.accepted(3, "a");
  EXPECT_THAT(open.excess(), ElementsAre(1));
}

TEST(OpenConnections, WhoLeavesForAnotherReasonIsNoExcess) {
  OpenConnections open(2);
  for (int descriptor = 1; descriptor <= 3; ++descriptor) open.accepted(descriptor, "a");
  open.leaves(2);
  open.leaves(2);
  EXPECT_THAT(open.excess(), IsEmpty());
  open.closed(2);
  EXPECT_EQ(open.size(), 2u);
}

TEST(OpenConnections, MakeRoomWhereNoDescriptorsAreLeft) {
  OpenConnections open(100);
  EXPECT_THAT(open.make_room(), IsEmpty());
  open.accepted(7, "a");
  EXPECT_THAT(open.make_room(), ElementsAre(7));
  EXPECT_THAT(open.make_room(), IsEmpty());
}

}  // namespace
}  // namespace outrider::protocol
