// Whole scenarios of rounds on pictures that take no time.
#include "simulations/federated_rounds/rounds_run.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"
#include "knowledge/whole_file.h"
#include "simulations/experiment/run_directory.h"
#include "simulations/federated_rounds/rounds_method_run.h"
#include "simulations/federated_rounds/rounds_record.h"
#include "simulations/test_scenario_run.h"

namespace outrider::simulations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kSmallRounds = R"(
name = "small"
title = "Small"
seeds = [1, 2]
[rounds]
rounds = 6
measure_every = 4
[[setting]]
name = "even"
data = "mnist"
architecture = "lenet-300-100"
input = "1x8x8"
mean = 0.4
deviation = 0.2
clients = 5
cohort = 3
batch = 10
epochs = 3
[[setting]]
name = "uneven"
data = "mnist"
architecture = "lenet-300-100"
input = "1x8x8"
mean = 0.4
deviation = 0.2
clients = 5
cohort = 3
batch = 10
epochs = 3
partition = "dirichlet"
alpha = 0.3
[[method]]
name = "plain"
[[method]]
name = "narrow"
widths = [1, 0.5]
precision = "int8"
[merging]
settings = ["even"]
architecture = "lenet-300-100"
size = 0.1
own = 20
shared = 10
batch = 10
epochs = 4
merged_epochs = 4
)";

class RoundsRunning : public ScenarioRunTest<RoundsExperiment> {
 protected:
  RoundsRunning() : ScenarioRunTest(kSmallRounds, 10, 30, 10) {}
};

nlohmann::json without_times(const RoundsReport& report) {
  nlohmann::json runs = nlohmann::json::array();
  for (const RoundsResult& result : report.results)
    for (const RoundsRun& run : result.runs) {
      nlohmann::json made = to_json(run);
      made.erase("seconds");
      runs.push_back({result.label(), made});
    }
  return runs;
}

TEST_F(RoundsRunning, ComparesEveryMethodInEverySetting) {
  const RoundsReport report = run(options());
  EXPECT_TRUE(report.completion().whole());
  ASSERT_EQ(report.results.size(), 6u);
  for (const RoundsResult& result : report.results) {
    ASSERT_EQ(result.runs.size(), 2u) << result.label();
    const RoundsRun& first = result.runs.front();
    std::vector<std::uint64_t> rounds;
    for (const RoundsPoint& point : first.points) rounds.push_back(point.round);
    EXPECT_THAT(rounds, ElementsAre(4, 6)) << result.label();
    EXPECT_GT(result.accuracy().mean, 0.7) << result.label();
    EXPECT_EQ(first.used, result.method == kCentral ? 6u : 18u);
    EXPECT_EQ(first.parts.size(), result.method == "narrow" ? 2u : 0u);
  }
  const RoundsResult& plain = report.results[1];
  const RoundsResult& narrow = report.results[2];
  EXPECT_LT(narrow.sent().mean, 0.4 * plain.sent().mean);
  EXPECT_LT(narrow.received().mean, 0.9 * plain.received().mean);
  EXPECT_LT(narrow.operations().mean, 0.9 * plain.operations().mean);
  ASSERT_EQ(report.merging.size(), 1u);
  EXPECT_EQ(report.merging[0].runs.size(), 2u);
  EXPECT_THAT(figures_of(report.merging[0]),
              testing::Contains(testing::Field(&MergingFigures::way, "grown, orthogonal")));
  // As much work at one place as at all clients of a cohort together.
  EXPECT_NEAR(report.results[0].operations().mean / plain.operations().mean, 1, 0.15);
}

TEST_F(RoundsRunning, LeavesAReportForPeopleAndPrograms) {
  const RoundsReport report = run(options());
  for (const char* name : {"report.html", "report.json", "accuracies.csv", "accuracy-1.svg", "accuracy-2.svg"})
    EXPECT_TRUE(std::filesystem::exists(output() / name)) << name;
  const Findings findings = load_findings(output());
  EXPECT_EQ(findings.kind, "rounds");
  EXPECT_EQ(findings.curves.size(), 2u);
  std::ostringstream summary;
  print_summary(report, summary);
  for (const char* part : {"even", "uneven", "central", "plain", "narrow", "to central", "from scratch"})
    EXPECT_THAT(summary.str(), HasSubstr(part));
  const std::string page = content_of_file(output() / "report.html");
  for (const char* part : {"Small", "uneven: accuracy over rounds", "dirichlet with alpha 0.3", "classes on average",
                           "What clients with a part of the network predict with", "Two networks made one, on even"})
    EXPECT_THAT(page, HasSubstr(part));
}

TEST_F(RoundsRunning, GoesOnWhereItWasInterruptedAndComesToTheSame) {
  const RoundsReport whole = run(options());
  std::filesystem::remove_all(output());
  const RoundsReport partial = run(options(), 60);
  EXPECT_FALSE(partial.completion().whole());
  EXPECT_GT(partial.runs(), 0u);
  SimulateOptions again = options();
  again.resume = true;
  const RoundsReport resumed = run(again);
  EXPECT_TRUE(resumed.completion().whole());
  EXPECT_EQ(without_times(resumed), without_times(whole));
  for (std::size_t run = 0; run < whole.merging[0].runs.size(); ++run)
    EXPECT_EQ(to_json(resumed.merging[0].runs[run]), to_json(whole.merging[0].runs[run]));
}

TEST_F(RoundsRunning, ComesToTheSameWithAnyNumberOfThreads) {
  RoundsScenario scenario = load_rounds(file());
  scenario.settings[1].data.path = data();
  const RoundsPictures pictures = select_pictures(scenario.settings[1], 1);
  scenario.plan.late = 0.3;
  std::vector<nlohmann::json> results;
  for (const int threads : {1, 3}) {
    scenario.threads = threads;
    RoundsRun run = run_method(scenario, scenario.settings[1], &scenario.methods[1], pictures, 1);
    run.seconds = 0;
    results.push_back(to_json(run));
  }
  EXPECT_EQ(results[0], results[1]);
}

TEST_F(RoundsRunning, ANetworkGrowsWhenItsTrainingStalls) {
  RoundsScenario scenario = load_rounds(file());
  scenario.settings[0].data.path = data();
  scenario.plan = {.rounds = 12, .measure_every = 1};
  scenario.growth = {.patience = 1, .gain = 0.9, .factor = 2};
  const RoundsPictures pictures = select_pictures(scenario.settings[0], 1);
  RoundsMethod growing{.name = "growing", .size = 0.25, .grow = true};
  const RoundsRun copies = run_method(scenario, scenario.settings[0], &growing, pictures, 1);
  growing.new_channels = true;
  const RoundsRun run = run_method(scenario, scenario.settings[0], &growing, pictures, 1);
  ASSERT_EQ(run.growths.size(), 2u);
  EXPECT_EQ(run.growths[0].width, 0.5);
  EXPECT_EQ(run.growths[1].width, 1);
  EXPECT_EQ(copies.growths[0].round, run.growths[0].round);
  EXPECT_EQ(copies.points[run.growths[0].round - 1].accuracy, run.points[run.growths[0].round - 1].accuracy);
  EXPECT_NE(copies.points.back().loss, run.points.back().loss);
  const RoundsRun fixed = run_method(scenario, scenario.settings[0], &scenario.methods.front(), pictures, 1);
  EXPECT_EQ(run.weights, fixed.weights);
  EXPECT_LT(run.points.back().operations, fixed.points.back().operations);
  EXPECT_LT(run.sent_bytes, fixed.sent_bytes);
  EXPECT_GT(run.points.back().accuracy, 0.7);
  // What it has learned is not lost by growing.
  for (const RoundsGrowth& growth : run.growths)
    EXPECT_GT(run.points[growth.round].accuracy, run.points[growth.round - 1].accuracy - 0.1);
}

TEST_F(RoundsRunning, FindsSeveralKindsOfDataByTheirNames) {
  std::filesystem::rename(data(), directory_.path() / "mnist");
  std::ofstream(file(), std::ios::app) << "[[setting]]\nname = \"clothes\"\ndata = \"fashion-mnist\"\n";
  SimulateOptions chosen = options();
  chosen.data = directory_.path();
  const RoundsScenario scenario = rounds_of(chosen);
  EXPECT_EQ(scenario.settings[0].data.path, directory_.path() / "mnist");
  EXPECT_EQ(scenario.settings[2].data.path, "");
}

TEST_F(RoundsRunning, RefusesWhatItHasNoUseFor) {
  SimulateOptions chosen = options();
  chosen.episodes = 3;
  EXPECT_THAT(refusal(chosen), HasSubstr("--episodes"));
  chosen = options();
  chosen.processes = true;
  EXPECT_THAT(refusal(chosen), HasSubstr("--processes"));
  std::ofstream(file(), std::ios::app) << "[[method]]\nname = \"krum\"\nstrategy = \"krum 2\"\n";
  EXPECT_THAT(refusal(options()), HasSubstr("krum"));
}

}  // namespace
}  // namespace outrider::simulations
