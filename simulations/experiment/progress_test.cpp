#include "simulations/experiment/progress.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include <gtest/gtest.h>

#include "simulations/report/display_width.h"

namespace outrider::simulations {
namespace {

using namespace std::chrono_literals;

class Progress : public testing::Test {
 protected:
  ProgressOptions options() {
    ProgressOptions result;
    result.clock = [this] {
      ++looks_;
      return now_;
    };
    result.columns = 120;
    return result;
  }
  std::string take() {
    std::string text = stream_.str();
    stream_.str("");
    return text;
  }

  std::chrono::nanoseconds now_ = 1000s;
  int looks_ = 0;
  std::ostringstream stream_;
};

TEST_F(Progress, TerminalShowsRateAndTimeLeftInPlace) {
  ProgressDisplay display(stream_, true, options());
  Phase phase(display, "episodes", 2000);
  now_ += 20s;
  phase.note("loss 0.12");
  phase.advance(500);
  EXPECT_EQ(take(), "\repisodes ━━━━━━──────────────────   25 %  500/2,000  25.0/s  1 min 00 s left  loss 0.12\x1b[K");
  now_ += 10s;
  phase.advance(1000);
  EXPECT_EQ(take(), "\repisodes ━━━━━━━━━━━━━━━━━━──────   75 %  1,500/2,000  50.0/s  10 s left  loss 0.12\x1b[K");
}

TEST_F(Progress, WhatWasDoneBeforeSaysNothingAboutTheRate) {
  ProgressDisplay display(stream_, true, options());
  Phase phase(display, "episodes", 2000);
  phase.skip(1000);
  now_ += 20s;
  phase.advance(500);
  EXPECT_EQ(take(), "\repisodes ━━━━━━━━━━━━━━━━━━──────   75 %  1,500/2,000  25.0/s  20 s left\x1b[K");
}

TEST_F(Progress, TerminalIsDrawnTenTimesASecondAtMost) {
  ProgressDisplay display(stream_, true, options());
  Phase phase(display, "steps", 100000);
  for (int i = 0; i < 10000; ++i) {
    now_ += 100us;  // one second in all
    phase.advance();
  }
  const std::string text = take();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\r'), 10);
  EXPECT_LT(looks_, 10100);
}

TEST_F(Progress, NestedPhasesShareTheLine) {
  ProgressDisplay display(stream_, true, options());
  Phase seeds(display, "seeds", 3);
  seeds.advance();
  {
    Phase clients(display, "clients", 10);
    now_ += 1s;
    clients.advance(5);
    EXPECT_EQ(take(), "\rseeds 1/3 › clients ━━━━━━━━━━━━────────────   50 %  5/10  5.0/s  1.0 s left\x1b[K");
  }
  EXPECT_EQ(take(), "");
  now_ += 1s;
  seeds.advance();
  EXPECT_EQ(take(), "\rseeds ━━━━━━━━━━━━━━━━────────   66 %  2/3  1.0/s  1.0 s left\x1b[K");
}

TEST_F(Progress, EndedPhaseLeavesOneLine) {
  {
    ProgressDisplay display(stream_, true, options());
    Phase phase(display, "episodes", 2000);
    now_ += 95s;
    phase.advance(2000);
    take();
    phase.note("loss 0.10");
  }
  EXPECT_EQ(take(), "\r\x1b[Kepisodes: 2,000 in 1 min 35 s, loss 0.10\n");
  {
    ProgressDisplay display(stream_, true, options());
    Phase phase(display, "episodes", 2000);
    now_ += 2s;
    phase.advance(7);
    take();
  }
  EXPECT_EQ(take(), "\r\x1b[Kepisodes: 7/2,000 in 2.0 s\n");
}

TEST_F(Progress, LogGetsPlainLinesAtIntervals) {
  ProgressDisplay display(stream_, false, options());
  Phase seeds(display, "seeds", 3);
  Phase episodes(display, "episodes", 1000);
  episodes.note("loss 0.2");
  for (int i = 0; i < 250; ++i) {
    now_ += 100ms;
    episodes.advance();
  }
  EXPECT_EQ(take(),
            "seeds 0/3: episodes 10 % (100/1,000, 10.0/s, 1 min 30 s left, loss 0.2)\n"
            "seeds 0/3: episodes 20 % (200/1,000, 10.0/s, 1 min 20 s left, loss 0.2)\n");
}

TEST_F(Progress, UnknownTotalShowsNeitherBarNorTimeLeft) {
  ProgressDisplay display(stream_, true, options());
  Phase phase(display, "messages");
  now_ += 2s;
  phase.advance(1000);
  EXPECT_EQ(take(), "\rmessages 1,000  500/s\x1b[K");
}

TEST_F(Progress, LineNeverWraps) {
  ProgressOptions narrow = options();
  narrow.columns = 30;
  ProgressDisplay display(stream_, true, narrow);
  Phase phase(display, "a long name of a phase", 10);
  now_ += 1s;
  phase.advance();
  std::string text = take();
  text.erase(0, 1);
  text.erase(text.find("\x1b[K"));
  EXPECT_EQ(display_width(text), 29u);
}

TEST_F(Progress, ResultsCanBeSaidOnTheWay) {
  ProgressDisplay display(stream_, true, options());
  Phase phase(display, "seeds", 2);
  now_ += 1s;
  phase.advance();
  take();
  display.say("seed 1: 98.2 %");
  const std::string text = take();
  EXPECT_TRUE(text.starts_with("\r\x1b[Kseed 1: 98.2 %\n\rseeds ")) << text;
}

TEST_F(Progress, MoreThanTheTotalIsStillWhole) {
  ProgressDisplay display(stream_, true, options());
  Phase phase(display, "x", 2);
  now_ += 1s;
  phase.advance(3);
  EXPECT_NE(take().find("100 %  3/2"), std::string::npos);
}

TEST_F(Progress, WhatAnExceptionEndsLeavesNoLine) {
  ProgressDisplay display(stream_, false, options());
  EXPECT_THROW(
      {
        Phase phase(display, "x", 2);
        throw std::runtime_error("no data");
      },
      std::runtime_error);
  EXPECT_EQ(take(), "");
  { Phase next(display, "y", 0); }
  EXPECT_NE(take(), "");
}

TEST(ProgressText, Durations) {
  EXPECT_EQ(to_text(0s), "0.0 s");
  EXPECT_EQ(to_text(1240ms), "1.2 s");
  EXPECT_EQ(to_text(9960ms), "10 s");
  EXPECT_EQ(to_text(59700ms), "1 min 00 s");
  EXPECT_EQ(to_text(185s), "3 min 05 s");
  EXPECT_EQ(to_text(7620s), "2 h 07 min");
}

}  // namespace
}  // namespace outrider::simulations
