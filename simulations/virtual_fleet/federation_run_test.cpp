// Federations in small worlds: interrupted at any moment and resumed, they come to what they would have come to.
#include "simulations/virtual_fleet/federation_run.h"

#include <fstream>
#include <map>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"
#include "knowledge/whole_file.h"
#include "simulations/experiment/run_directory.h"
#include "simulations/experiment/test_experiment_run.h"
#include "simulations/experiment/test_interruption.h"
#include "simulations/report/csv.h"
#include "simulations/test_studies.h"

namespace outrider::simulations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSmallWorld = R"(
name = "world"
title = "A small world"
seeds = [1, 2, 3, 5]
swarm = true
[federation]
clients = 4
rendezvous = 4
classes_at_once = 2
hours_between = 0.2
[network]
loss = 0.1
[crashes]
clients_per_hour = 2
)";
constexpr const char* kPoints = "[data]\nkind = 'gaussians'\n[gaussians]\nclasses = 4\nexamples = 80\n";
constexpr const char* kPictures =
    "[data]\nkind = 'mnist'\n[pretraining]\nway = 3\nshots = 1\nqueries = 2\n"
    "rotations = false\nepisodes = 6\nthreads = 1\n";

class FederationRunning : public testing::Test {
 protected:
  std::filesystem::path output() const { return directory_.path() / "out"; }
  SimulateOptions options(const char* data = kPoints) const {
    SimulateOptions made;
    made.scenario = directory_.path() / "world.toml";
    made.output = output();
    std::ofstream(made.scenario) << kSmallWorld << data;
    return made;
  }
  SimulateOptions options_of_pictures() const {
    SimulateOptions made = options(kPictures);
    made.data = directory_.path() / "data";
    std::filesystem::create_directories(made.data);
    save_as_mnist(bright_places(6, 12, 0), made.data, "train");
    save_as_mnist(bright_places(6, 6, 1), made.data, "t10k");
    return made;
  }

  static FederationReport run(const SimulateOptions& chosen, int looks = 0) {
    return run_until(looks, [&](ProgressDisplay& display, Interruption& interruption) {
      return report_of_run<FleetExperiment>(chosen, display, interruption);
    });
  }
  nlohmann::json saved() const { return nlohmann::json::parse(content_of_file(output() / "report.json")); }
  std::string page() const { return content_of_file(output() / "report.html"); }

  // What does not depend on the moment, by file.
  std::map<std::string, std::string> lasting_files() const {
    std::map<std::string, std::string> files{{"report.json", without_moments(saved()).dump()}};
    for (const char* name : {"clients.csv", "accuracy.svg"}) files[name] = content_of_file(output() / name);
    std::istringstream steps(content_of_file(output() / "steps.csv"));
    for (std::string line; std::getline(steps, line);)  // the last column is of seconds
      files["steps.csv"] += line.substr(0, line.rfind(',')) + '\n';
    return files;
  }

  // Interrupts the run and every resumption after so many looks until it comes to its end.
  void run_in_parts(SimulateOptions chosen, int looks) {
    int parts = 1;
    while (!run(chosen, looks).completion().whole()) {
      EXPECT_EQ(saved().at("complete"), false);
      EXPECT_THAT(page(), HasSubstr("This report is partial: "));
      chosen.resume = true;
      ASSERT_LT(++parts, 40) << "no part gets further than the one before";
      looks += 5;
    }
    EXPECT_GE(parts, 3);
    EXPECT_EQ(saved().at("complete"), true);
    EXPECT_THAT(page(), Not(HasSubstr("This report is partial")));
  }

  TemporaryDirectory directory_;
};

TEST_F(FederationRunning, InterruptedAndResumedComesToTheSameReport) {
  run(options());
  const auto expected = lasting_files();
  run_in_parts(options(), 30);
  EXPECT_EQ(lasting_files(), expected);
}

// As mpirun has it, but in threads of one process.
TEST_F(FederationRunning, OverTwoRanksInterruptedAndResumedComesToTheSameReport) {
  const auto run_on_two = [](const SimulateOptions& chosen, int looks) {
    return run_until(looks, [&](ProgressDisplay& display, Interruption& interruption) {
      Meeting meeting(2);
      std::ostream nowhere(nullptr);
      ProgressDisplay silent(nowhere, false);
      std::jthread second([&] {
        ThreadExchange exchange(meeting, 1);
        run_experiment(open_as<FleetExperiment>, chosen, exchange, silent, interruption);
      });
      ThreadExchange exchange(meeting, 0);
      return run_experiment(open_as<FleetExperiment>, chosen, exchange, display, interruption)->completion().whole();
    });
  };
  run(options());
  const auto expected = lasting_files();
  SimulateOptions chosen = options();
  EXPECT_FALSE(run_on_two(chosen, 60));
  EXPECT_EQ(saved().at("complete"), false);
  chosen.resume = true;
  EXPECT_TRUE(run_on_two(chosen, 0));
  EXPECT_EQ(lasting_files(), expected);
}

TEST_F(FederationRunning, OfPicturesKeepsItsEncoderAndComesToTheSameReport) {
  run(options_of_pictures());
  const auto expected = lasting_files();
  run_in_parts(options_of_pictures(), 30);
  EXPECT_EQ(lasting_files(), expected);
}

TEST_F(FederationRunning, APartialReportHoldsTheFinishedSeedsAndSaysWhichAreMissing) {
  SimulateOptions chosen = options();
  FederationReport report;
  for (int looks = 40; report.runs.empty(); looks += 20) report = run(chosen, looks);
  ASSERT_LT(report.runs.size(), 4u);
  const nlohmann::json partial = saved();
  EXPECT_EQ(partial.at("complete"), false);
  EXPECT_EQ(partial.at("runs").size(), report.runs.size());
  EXPECT_EQ(partial.at("missing").back(), "seed 5");
  std::ostringstream summary;
  print_summary(report, summary);
  EXPECT_THAT(summary.str(), HasSubstr(report.completion().notice()));
  // A seed that was damaged on the way is done again, the others are not.
  chosen.resume = true;
  run(chosen);
  const nlohmann::json whole = saved();
  std::ofstream(output() / "journal" / "seed 2.json") << "{";
  run(chosen);
  EXPECT_EQ(without_moments(saved()), without_moments(whole));
  EXPECT_EQ(saved().at("runs").at(0), whole.at("runs").at(0));
  EXPECT_EQ(saved().at("runs").at(3), whole.at("runs").at(3));
  EXPECT_NE(saved().at("runs").at(1), whole.at("runs").at(1)) << "its seconds are others";
}

TEST_F(FederationRunning, MissingSeedsAreToldAsSpans) {
  FederationReport report;
  report.federation.seeds = {1, 2, 3, 7, 9, 10};
  report.runs.resize(1);
  EXPECT_THAT(report.completion().missing, ElementsAre("seeds 2..3", "seed 7", "seeds 9..10"));
  EXPECT_EQ(report.completion().notice(), "This report is partial: 1 of 6 seeds done; missing: seeds 2..3 and 2 more.");
}

TEST_F(FederationRunning, OnlyWithItsOwnSeedsAndDataItIsResumed) {
  SimulateOptions began = options();
  began.seeds = "1..2";
  run(began, 10);
  SimulateOptions chosen = options();
  chosen.resume = true;
  chosen.seeds = "1..3";
  const auto objection = [&] { return objection_of([&] { run(chosen); }).value_or(""); };
  EXPECT_THAT(objection(), HasSubstr("began with --seeds 1..2, so it cannot be resumed with --seeds 1..3"));
  chosen.seeds.clear();
  EXPECT_EQ(run(chosen).runs.size(), 2u) << "as it began";

  run(options_of_pictures(), 10);
  chosen = options_of_pictures();
  chosen.resume = true;
  save_as_mnist(bright_places(6, 13, 0), chosen.data, "train");
  EXPECT_THAT(objection(), HasSubstr("the data set is not the one that the run in"));
}

TEST(FederationReport, SaysWhatWasWatchedAndFromHowManyClientsOnNotAll) {
  const TemporaryDirectory directory;
  FederationReport report;
  report.federation.name = "watched";
  for (const Watch watch : {Watch::full, Watch::light}) {
    report.federation.plan.clients = kMostClientsWatchedFully + (watch == Watch::full ? 0 : 1);
    EXPECT_EQ(watch_of(report.federation), watch);
    EXPECT_THAT(federation_page(report).lead, HasSubstr(what_was_watched(watch)));
    save(report, directory.path());
    std::ifstream stream(directory.path() / "report.json");
    const nlohmann::json json = nlohmann::json::parse(stream);
    EXPECT_EQ(json.at("watch"), watch == Watch::full ? "full" : "light");
    EXPECT_EQ(json.at("watched"), what_was_watched(watch));
  }
  EXPECT_THAT(what_was_watched(Watch::light), HasSubstr("Not watched, as there are more than 64 clients"));
  EXPECT_THAT(what_was_watched(Watch::full), Not(HasSubstr("Not watched")));
}

}  // namespace
}  // namespace outrider::simulations
