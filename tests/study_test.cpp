// A whole study of a task sequence with the real program: masks forget nothing and cost little, a dense network
// forgets.
#include <algorithm>
#include <array>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/process.h"

namespace outrider::testing {
namespace {

using nlohmann::json;

constexpr const char* kStudy = R"(
name = "small"
title = "Three tasks of two garments"
seeds = [1]
threads = 1
methods = ["supsup", "exssnet", "exssnet-kkt", "fine-tuning", "ewc"]
[data]
kind = "fashion-mnist"
[network]
architecture = "lenet-300-100"
input = "1x28x28"
mean = 0.286
deviation = 0.353
[tasks]
kind = "split"
count = 3
classes_per_task = 2
train_pictures = 200
test_pictures = 100
clients = 2
[supermask]
densities = [0.05]
mask_epochs = 8
weight_epochs = 4
[baselines]
epochs = 8
)";

constexpr std::array kMasks{"supsup", "exssnet", "exssnet-kkt"};

const json& result_of(const json& report, const std::string& method) {
  for (const json& result : report.at("results"))
    if (result.at("method") == method) return result;
  throw std::runtime_error("the report has no method " + method);
}

double mean(const json& result, const char* figure) {
  return result.at(figure).at("mean").get<double>();
}

void expect_masks_to_forget_nothing(const json& report) {
  for (const char* method : kMasks) {
    const json& result = result_of(report, method);
    EXPECT_EQ(mean(result, "forgetting"), 0) << method;
    EXPECT_TRUE(result.at("late_joiner_exact").get<bool>()) << method;
    EXPECT_GT(mean(result, "average_accuracy"), 0.85) << method;
  }
}

void expect_masks_to_cost_little(const json& report) {
  const auto dense = report.at("dense_bytes").get<double>();
  EXPECT_EQ(mean(result_of(report, "fine-tuning"), "sent_bytes_per_task"), dense);
  EXPECT_LT(mean(result_of(report, "supsup"), "merged_bytes_per_task"), dense / 50);
  EXPECT_LT(mean(result_of(report, "exssnet"), "merged_bytes_per_task"), dense / 12);
}

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

TEST(Study, ShowsThatMasksForgetNothingAndCostLittleAndThatFineTuningForgets) {
  const TemporaryDirectory directory;
  const std::filesystem::path file = directory.path() / "small.toml";
  const std::filesystem::path output = directory.path() / "out";
  write_text(file, kStudy);
  const Outcome outcome = run({"simulate", file.string(), "--output", output.string()}, std::chrono::seconds(150));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json report = json::parse(text_of_file(output / "report.json"));
  expect_masks_to_forget_nothing(report);
  expect_masks_to_cost_little(report);
  EXPECT_GT(mean(result_of(report, "fine-tuning"), "forgetting"), 0.05);
  EXPECT_THAT(outcome.output, ::testing::HasSubstr("Three tasks of two garments"));
  EXPECT_THAT(outcome.output, ::testing::HasSubstr("in 3 of 3 runs"));
  EXPECT_EQ(lines_of(text_of_file(output / "accuracies.csv")), 1 + 5u * (1 + 2 + 3));
  EXPECT_THAT(text_of_file(output / "accuracy.svg"), ::testing::HasSubstr("supsup at 0.05"));
}

}  // namespace
}  // namespace outrider::testing
