#include "protocol/routes.h"

#include <gtest/gtest.h>

#include "protocol/rate_limited_log.h"

namespace outrider::protocol {
namespace {

ClientId numbered(std::uint8_t number) {
  ClientId id;
  id.bytes[0] = number;
  return id;
}

TEST(Routes, LatestConnectionCounts) {
  Routes routes(2);
  EXPECT_EQ(routes.find(numbered(1)), nullptr);
  routes.heard(numbered(1), "a");
  routes.heard(numbered(1), "b");
  EXPECT_EQ(*routes.find(numbered(1)), "b");
  EXPECT_EQ(routes.size(), 1u);
}

TEST(Routes, ForgetsTheClientNotHeardOfForLongest) {
  Routes routes(2);
  routes.heard(numbered(1), "a");
  routes.heard(numbered(2), "b");
  routes.heard(numbered(1), "a");
  routes.heard(numbered(3), "c");
  EXPECT_EQ(routes.size(), 2u);
  EXPECT_EQ(routes.find(numbered(2)), nullptr);
  EXPECT_NE(routes.find(numbered(1)), nullptr);
  EXPECT_NE(routes.find(numbered(3)), nullptr);
}

TEST(Routes, ForgettingTwiceIsHarmless) {
  Routes routes(2);
  routes.heard(numbered(1), "a");
  routes.forget(numbered(1));
  routes.forget(numbered(1));
  EXPECT_EQ(routes.size(), 0u);
  EXPECT_EQ(routes.find(numbered(1)), nullptr);
}

TEST(RateLimitedLog, LeavesOutLinesWithinTheInterval) {
  RateLimitedLog slow(std::chrono::hours(1));
  for (int i = 0; i < 5; ++i) slow.warn("a test line");
  EXPECT_EQ(slow.left_out(), 4u);
  RateLimitedLog fast(std::chrono::milliseconds(0));
  for (int i = 0; i < 2; ++i) fast.warn("a test line");
  EXPECT_EQ(fast.left_out(), 0u);
}

}  // namespace
}  // namespace outrider::protocol
