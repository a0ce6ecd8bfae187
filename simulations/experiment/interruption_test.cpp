#include "simulations/experiment/interruption.h"

#include <gtest/gtest.h>

namespace outrider::simulations {
namespace {

int code_after(int signal) {
  Interruption interruption;
  interruption.defer();
  interruption.check();
  ::raise(signal);
  EXPECT_TRUE(interruption.requested());
  try {
    interruption.check();
    return 0;
  } catch (const Interrupted& interrupted) {
    EXPECT_EQ(interrupted.signal(), signal);
    return interrupted.exit_code();
  }
}

TEST(Interruption, RemembersTheFirstSignalAndGivesTheShellsExitCode) {
  EXPECT_EQ(code_after(SIGINT), 130);
  EXPECT_EQ(code_after(SIGTERM), 143);
  EXPECT_EQ(code_after(SIGINT), 130) << "one leaves nothing to the next";
}

void interrupt_twice() {
  Interruption interruption;
  interruption.defer();
  ::raise(SIGINT);
  ::raise(SIGTERM);
}

void interrupt_early() {
  const Interruption interruption;
  ::raise(SIGINT);
}

TEST(Interruption, EndsTheProcessAtTheSecondSignal) {
  EXPECT_EXIT(interrupt_twice(), testing::ExitedWithCode(143), "");
}

TEST(Interruption, EndsTheProcessAtOnceUntilItIsDeferred) {
  EXPECT_EXIT(interrupt_early(), testing::ExitedWithCode(130),
              "^outrider: interrupted before there was anything to keep");
}

TEST(Interruption, LeavesSignalsAsTheyWere) {
  { const Interruption interruption; }
  EXPECT_EXIT(::raise(SIGTERM), testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace outrider::simulations
