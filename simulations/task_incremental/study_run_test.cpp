// A whole study on pictures that take no time, through the virtual federation.
#include "simulations/task_incremental/study_run.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"
#include "knowledge/whole_file.h"
#include "simulations/experiment/run_directory.h"
#include "simulations/test_scenario_run.h"

namespace outrider::simulations {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSmallStudy = R"(
name = "small"
title = "Small"
seeds = [1, 2]
threads = 1
[data]
kind = "mnist"
[network]
architecture = "lenet-300-100"
input = "1x8x8"
mean = 0.4
deviation = 0.2
[tasks]
kind = "split"
count = 3
classes_per_task = 2
clients = 2
[supermask]
densities = [0.1]
batch = 20
mask_epochs = 6
mask_rate = 0.01
weight_epochs = 4
[baselines]
epochs = 10
batch = 20
)";

class StudyRunning : public ScenarioRunTest<StudyExperiment> {
 protected:
  StudyRunning() : ScenarioRunTest(kSmallStudy, 6, 30, 20) {}
};

nlohmann::json json_in(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return nlohmann::json::parse(stream);
}

TEST_F(StudyRunning, MasksForgetNothingAndReachALateJoinerExactly) {
  const StudyReport report = run(options());
  ASSERT_EQ(report.results.size(), 5u);
  EXPECT_EQ(report.dense_bytes, 4u * (64 * 300 + 300 + 300 * 100 + 100 + 100 * 2 + 2));
  EXPECT_EQ(report.mask_weights, 64u * 300 + 300 * 100 + 100 * 2);
  for (const StudyResult& result : report.results) {
    ASSERT_EQ(result.runs.size(), 2u);
    EXPECT_EQ(result.runs.front().masks.has_value(), uses_masks(result.method));
    if (!uses_masks(result.method)) {
      EXPECT_EQ(result.runs.front().sent_bytes_per_task, static_cast<double>(report.dense_bytes));
      continue;
    }
    EXPECT_EQ(result.forgetting().mean, 0) << result.label();
    EXPECT_GT(result.accuracy().mean, 0.8) << result.label();
    for (const StudyRun& run : result.runs) {
      EXPECT_TRUE(run.masks->late_joiner_exact) << result.label();
      EXPECT_GT(run.sent_bytes_per_task, run.merged_bytes_per_task) << "ranks are for the aggregator";
      EXPECT_LT(run.sent_bytes_per_task, static_cast<double>(report.dense_bytes) / 4);
      ASSERT_TRUE(run.masks->found) << "LeNet has no batch norm";
      EXPECT_GE(run.masks->found->one_shot, 0.3);
      const bool trains = result.method != StudyMethod::supsup;
      EXPECT_EQ(run.masks->owned > 0.1, trains);  // one density at least: each task's, where it is alone
      EXPECT_LE(run.masks->owned, 0.31);
      EXPECT_GT(run.masks->overlap, 0);
      EXPECT_LT(run.masks->overlap, 1);
    }
  }
}

TEST_F(StudyRunning, TheReportSaysWhatWasMeasured) {
  const StudyReport report = run(options());
  const nlohmann::json json = json_in(output() / "report.json");
  ASSERT_EQ(json.at("results").size(), 5u);
  const nlohmann::json& first = json.at("results")[0];
  EXPECT_EQ(first.at("method"), "supsup");
  EXPECT_EQ(first.at("density"), 0.1);
  EXPECT_EQ(first.at("average_accuracy").at("mean"), report.results[0].accuracy().mean);
  EXPECT_EQ(first.at("runs").size(), 2u);
  EXPECT_EQ(first.at("runs")[1].at("accuracies")[2][1], report.results[0].runs[1].accuracies.at(2, 1).value());
  EXPECT_TRUE(first.at("late_joiner_exact").get<bool>());
  EXPECT_EQ(json.at("kind"), "study");
  EXPECT_EQ(json.at("scenario").at("tasks").at("count"), 3);
  EXPECT_EQ(json.at("figures")[0].at("of"), "supsup at 0.1");
  EXPECT_EQ(json.at("figures")[0].at("mean"), report.results[0].accuracy().mean);
  EXPECT_EQ(json.at("curves")[0].at("series").size(), 5u);
  std::ifstream page(output() / "report.html");
  EXPECT_THAT(std::string(std::istreambuf_iterator<char>(page), {}),
              HasSubstr("after learning task 3, accuracy on task 1"));
  std::ifstream csv(output() / "accuracies.csv");
  std::string line;
  std::getline(csv, line);
  EXPECT_EQ(line, "method,density,seed,after_task,task,accuracy");
  std::size_t rows = 0;
  while (std::getline(csv, line)) ++rows;
  EXPECT_EQ(rows, 5u * 2 * (1 + 2 + 3));
  std::ifstream svg(output() / "accuracy.svg");
  EXPECT_THAT(std::string(std::istreambuf_iterator<char>(svg), {}), HasSubstr("exssnet-kkt at 0.1"));
  std::ostringstream table;
  print_summary(report, table);
  EXPECT_THAT(table.str(), HasSubstr("fine-tuning"));
  EXPECT_THAT(table.str(), HasSubstr("in 6 of 6 runs"));
}

TEST_F(StudyRunning, OneSeedGivesOneResult) {
  SimulateOptions chosen = options();
  chosen.seed = 2;
  const StudyReport all = run(options());
  const StudyReport one = run(chosen);
  for (std::size_t i = 0; i < one.results.size(); ++i) {
    ASSERT_EQ(one.results[i].runs.size(), 1u);
    EXPECT_EQ(one.results[i].runs[0].seed, 2u);
    for (std::size_t task = 0; task < 3; ++task)
      EXPECT_EQ(one.results[i].runs[0].accuracies.at(2, task), all.results[i].runs[1].accuracies.at(2, task));
  }
}

TEST_F(StudyRunning, InterruptedAndResumedGivesTheSameReport) {
  run(options());
  const nlohmann::json expected = json_in(output() / "report.json");
  const std::string csv = content_of_file(output() / "accuracies.csv");
  const std::string svg = content_of_file(output() / "accuracy.svg");
  SimulateOptions chosen = options();
  for (const int looks : {4, 40, 150}) {  // before the first run has ended, and later
    EXPECT_FALSE(run(chosen, looks).completion().whole());
    const nlohmann::json partial = json_in(output() / "report.json");
    EXPECT_FALSE(partial.at("complete").get<bool>());
    std::size_t runs = 0;
    for (const auto& result : partial.at("results")) runs += result.at("runs").size();
    EXPECT_EQ(runs + partial.at("missing").size(), 10u);
    EXPECT_EQ(runs == 0, looks == 4);
    EXPECT_FALSE(is_complete(output()));
    EXPECT_THAT(content_of_file(output() / "report.html"),
                HasSubstr(fmt::format("This report is partial: {} of 10 runs done; missing: ", runs)));
    chosen.resume = true;
  }
  // A run that was damaged on the way is done again.
  std::ofstream(output() / "journal" / "supsup at 0.1 with seed 1.json") << "{";
  run(chosen);
  EXPECT_EQ(without_moments(json_in(output() / "report.json")), without_moments(expected));
  EXPECT_EQ(content_of_file(output() / "accuracies.csv"), csv);
  EXPECT_EQ(content_of_file(output() / "accuracy.svg"), svg);
  EXPECT_TRUE(is_complete(output()));
  EXPECT_THAT(content_of_file(output() / "report.html"), Not(HasSubstr("This report is partial")));
}

TEST_F(StudyRunning, WhatAStudyCannotDoIsRefusedAndAnEarlierRunStays) {
  std::filesystem::create_directories(output());
  std::ofstream(output() / "scenario.toml") << "earlier";
  SimulateOptions chosen = options();
  chosen.episodes = 10;
  EXPECT_THAT(refusal(chosen), HasSubstr("--episodes"));
  chosen = options();
  chosen.data = directory_.path() / "nowhere";
  EXPECT_THAT(refusal(chosen), HasSubstr("nowhere"));
  std::string text = kSmallStudy;
  text.replace(text.find("lenet-300-100"), 13, "lenet-400");
  std::ofstream(file()) << text;
  EXPECT_THAT(refusal(options()), HasSubstr("lenet-400"));
  std::ifstream kept(output() / "scenario.toml");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(kept), {}), "earlier");
}

}  // namespace
}  // namespace outrider::simulations
