#include "simulations/world/event_wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"

namespace outrider::simulations {
namespace {

Bytes two_events() {
  Bytes bytes;
  append_event({Instant{123'456'789'012}, kAggregatorNode, EventKind::packet, order_of(7, 8), {1, 2, 3}}, bytes);
  append_event({Instant{5}, 9, EventKind::full_disk, 0, {}}, bytes);
  return bytes;
}

TEST(EventWire, KeepsEverything) {
  const std::vector<Event> events = events_of(two_events());
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].at, Instant{123'456'789'012});
  EXPECT_EQ(events[0].node, kAggregatorNode);
  EXPECT_EQ(events[0].kind, EventKind::packet);
  EXPECT_EQ(events[0].order, order_of(7, 8));
  EXPECT_EQ(events[0].bytes, (Bytes{1, 2, 3}));
  EXPECT_EQ(events[1].at, Instant{5});
  EXPECT_EQ(events[1].node, 9U);
  EXPECT_EQ(events[1].kind, EventKind::full_disk);
  EXPECT_TRUE(events[1].bytes.empty());
  EXPECT_TRUE(events_of({}).empty());
}

TEST(EventWire, RefusesWhatIsCutShort) {
  const Bytes whole = two_events();
  const std::size_t first = 40 + 3;  // where the second begins
  for (std::size_t size = 1; size < whole.size(); ++size) {
    if (size == first) continue;
    EXPECT_THROW(events_of(ByteView(whole).first(size)), InputError) << size;
  }
}

}  // namespace
}  // namespace outrider::simulations
