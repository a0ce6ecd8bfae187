#include "client/daemon/learner_mailbox.h"

#include <thread>

#include <gtest/gtest.h>

namespace outrider::client {
namespace {

using namespace std::chrono_literals;

constexpr LearnerMailbox::Rest kLong{1ms, 10min};  // longer than any test may last

TEST(LearnerMailbox, SomethingNewEndsALongRest) {
  LearnerMailbox board;
  const std::stop_source stop;
  board.show(Revision{1});
  EXPECT_EQ(board.wait({}, kLong, stop.get_token()), Digest{});  // it was new
  const std::jthread loop([&] { board.show(Revision{2}); });
  EXPECT_EQ(board.wait({}, kLong, stop.get_token()), Digest{});
}

TEST(LearnerMailbox, AnotherEncoderEndsAnyRest) {
  LearnerMailbox board;
  const std::stop_source stop;
  const Digest encoder = Digest::of(bytes_of("encoder"));
  const std::jthread loop([&] { board.show(encoder); });
  EXPECT_EQ(board.wait({}, {10min, 10min}, stop.get_token()), encoder);
}

TEST(RestOfALearner, KeepsLooksToASmallShareOfAProcessor) {
  EXPECT_EQ(rest_after(0ms, 1000ms).most, 1000ms);
  EXPECT_EQ(rest_after(1ms, 1000ms).most, 1000ms);
  EXPECT_EQ(rest_after(40ms, 1000ms).most, 12s);
  EXPECT_EQ(rest_after(40ms, 1000ms).least, 1000ms);
  EXPECT_EQ(rest_after(10s, 1000ms).most, 1min);
}

}  // namespace
}  // namespace outrider::client
