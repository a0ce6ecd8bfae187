#include "client/daemon/incarnation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/temporary_directory.h"
#include "storage/memory_store.h"

namespace outrider::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Incarnation, EachRunKnowsThoseBeforeIt) {
  TemporaryDirectory directory;
  MemoryStore store;
  const auto first = begin_incarnation(store, directory.path());
  EXPECT_NE(first.number, 0U);
  EXPECT_THAT(first.earlier, IsEmpty());
  EXPECT_FALSE(first.relocated);
  const auto second = begin_incarnation(store, directory.path());
  const auto third = begin_incarnation(store, directory.path());
  EXPECT_NE(second.number, first.number);
  EXPECT_THAT(third.earlier, ElementsAre(second.number, first.number));
  EXPECT_FALSE(third.relocated);
}

TEST(Incarnation, KnowsWhenItsStateLiesElsewhere) {
  TemporaryDirectory here, there;
  MemoryStore store;
  begin_incarnation(store, here.path());
  EXPECT_TRUE(begin_incarnation(store, there.path()).relocated);
  EXPECT_FALSE(begin_incarnation(store, there.path()).relocated);
}

TEST(Incarnation, RemembersABoundedNumber) {
  TemporaryDirectory directory;
  MemoryStore store;
  for (std::size_t run = 0; run <= protocol::Incarnation::kMaxEarlier; ++run)
    begin_incarnation(store, directory.path());
  EXPECT_THAT(begin_incarnation(store, directory.path()).earlier, SizeIs(protocol::Incarnation::kMaxEarlier));
}

}  // namespace
}  // namespace outrider::client
