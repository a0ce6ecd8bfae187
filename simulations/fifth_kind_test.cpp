// A kind of experiment that nobody knew is registered with one line: the runner gives it what every kind has.
#include <fstream>
#include <iostream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"
#include "knowledge/whole_file.h"
#include "simulations/experiment/test_experiment_run.h"
#include "simulations/experiment/test_interruption.h"
#include "simulations/experiment/test_toy_experiment.h"
#include "simulations/kinds.h"
#include "simulations/simulate.h"

namespace outrider::simulations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FifthKind : public testing::Test {
 protected:
  FifthKind() : all_(kinds()) {
    all_.push_back(addition());
    options_.scenario = directory_.path() / "sums.toml";
    options_.output = directory_.path() / "out";
    write(all_.back().example("sums"));
  }

  void write(const std::string& text) const { std::ofstream(options_.scenario) << text; }
  nlohmann::json saved() const { return nlohmann::json::parse(content_of_file(options_.output / "report.json")); }

  // As `outrider simulate` among these kinds; what it says goes to `said_`.
  int simulate_shown() {
    std::ostringstream said;
    std::streambuf* const before = std::cout.rdbuf(said.rdbuf());
    const int code = simulate(options_, all_);
    std::cout.rdbuf(before);
    said_ = said.str();
    return code;
  }

  // Stops after so many looks at the clock.
  std::unique_ptr<Experiment> run(int looks) const {
    return run_until(looks, [&](ProgressDisplay& display, Interruption& interruption) {
      NoExchange alone;
      return run_experiment(all_.back().open, options_, alone, display, interruption);
    });
  }
  static std::size_t runs_of(const Experiment& experiment) {
    return static_cast<const AdditionExperiment&>(experiment).runs();
  }

  TemporaryDirectory directory_;
  ExperimentKinds all_;
  SimulateOptions options_;
  std::string said_;
};

TEST_F(FifthKind, IsKnownByItsTableAndCheckedRunAndReported) {
  EXPECT_EQ(kind_of(options_.scenario, all_).name, "addition");
  options_.check = true;
  EXPECT_EQ(simulate_shown(), 0);
  EXPECT_EQ(said_, options_.scenario.string() + ": an addition of 10 numbers: valid\n");
  EXPECT_FALSE(std::filesystem::exists(options_.output));
  options_.check = false;
  EXPECT_EQ(simulate_shown(), 0);
  EXPECT_THAT(said_, HasSubstr("sums: 55\n\nreport: " + options_.output.string() + "/report.json\n"));
  EXPECT_EQ(saved().at("sums").back(), 55);
  EXPECT_EQ(saved().at("complete"), true);
  options_.resume = true;
  EXPECT_EQ(simulate_shown(), 0);
  EXPECT_THAT(said_, HasSubstr("is complete: there is nothing to resume"));
}

TEST_F(FifthKind, InterruptedLeavesAPartialReportAndResumedDoesOnlyWhatIsMissing) {
  const auto partial = run(30);
  const std::size_t done = saved().at("sums").size();
  ASSERT_GT(done, 0U);
  ASSERT_LT(done, 10U);
  EXPECT_FALSE(partial->completion().whole());
  EXPECT_EQ(saved().at("complete"), false);
  EXPECT_EQ(saved().at("missing").size(), 10 - done);
  options_.resume = true;
  const auto resumed = run(0);
  EXPECT_EQ(runs_of(*resumed), 10 - done);
  EXPECT_TRUE(resumed->completion().whole());
  EXPECT_EQ(saved().at("complete"), true);
  EXPECT_EQ(saved().at("sums").back(), 55);
}

TEST_F(FifthKind, InterruptedAtAnyMomentComesToTheSame) {
  run(0);
  const nlohmann::json expected = saved();
  for (int looks = 1; looks < 80; looks += 7) {
    options_.resume = false;
    run(looks);
    options_.resume = true;
    run(looks);
    run(0);
    EXPECT_EQ(saved(), expected) << looks;
  }
}

TEST_F(FifthKind, IsToldHowToGoOnAndExitsAsAfterCtrlC) {
  NoExchange alone;
  Interruption interruption;
  interruption.defer();
  ::raise(SIGINT);
  std::ostringstream said;
  std::streambuf* const before = std::cout.rdbuf(said.rdbuf());
  try {
    show_experiment(all_.back().open, options_, alone, interruption);
    ADD_FAILURE() << "not interrupted";
  } catch (const Interrupted& interrupted) {
    EXPECT_EQ(interrupted.exit_code(), 130);
    EXPECT_THAT(interrupted.what(), HasSubstr("interrupted with 0 of 10 numbers done"));
    EXPECT_THAT(interrupted.what(), HasSubstr("--resume --output " + options_.output.string()));
  }
  std::cout.rdbuf(before);
  EXPECT_THAT(said.str(), HasSubstr("This report is partial: 0 of 10 numbers done"));
}

TEST_F(FifthKind, ABrokenPromiseEndsItWithTheReportAsFarAsItGoes) {
  write("name = 'sums'\n[addition]\nbroken_at = 4\n");
  EXPECT_THROW(run(0), BrokenPromise);
  EXPECT_THAT(saved().at("sums"), ElementsAre(1, 3, 6));
  EXPECT_EQ(saved().at("complete"), false);
  EXPECT_EQ(simulate_shown(), 1);
}

TEST_F(FifthKind, KeepsOthersAwayFromItsDirectoryWhileItRuns) {
  run(30);
  options_.resume = true;
  const RunLock other(options_.output);
  EXPECT_THAT(objection_of([&] { run(0); }).value_or(""), HasSubstr("another process is at work on the run in"));
}

}  // namespace
}  // namespace outrider::simulations
