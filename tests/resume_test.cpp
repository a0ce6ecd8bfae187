// Runs that ctrl-C or kill -9 ends go on where they were, and come to the report of a run that nothing ended.
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <signal.h>

#include "simulations/experiment/test_interruption.h"
#include "simulations/test_studies.h"
#include "tests/mistakes.h"
#include "tests/process.h"

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using simulations::without_moments;
using ::testing::EndsWith;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr const char* kManyRuns = R"(
name = "many-runs"
title = "Many runs"
seeds = [1, 2, 3]
threads = 1
methods = ["supsup", "exssnet", "fine-tuning", "ewc"]
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
mask_epochs = 8
weight_epochs = 4
[baselines]
epochs = 12
batch = 20
)";
constexpr std::size_t kRuns = 12;

class Resuming : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(path("data"));
    simulations::save_as_mnist(simulations::bright_places(6, 60, 0), path("data"), "train");
    simulations::save_as_mnist(simulations::bright_places(6, 20, 1), path("data"), "t10k");
    write_text(path("many.toml"), kManyRuns);
  }

  fs::path path(const std::string& name) const { return directory_.path() / name; }
  std::vector<std::string> start(const std::string& output) const {
    return {"simulate", path("many.toml").string(), "--output", path(output).string(), "--data", path("data").string()};
  }
  std::vector<std::string> resume(const std::string& output) const {
    return {"simulate", path("many.toml").string(), "--resume", "--output", path(output).string()};
  }
  json report(const std::string& output) const { return json::parse(text_of_file(path(output) / "report.json")); }

  // Sends the signal as soon as so many runs are kept.
  Outcome stop_after(std::size_t runs, int signal, const std::vector<std::string>& arguments,
                     const std::string& output) {
    Process process(arguments);
    const auto kept = [&] {
      std::error_code none;
      std::size_t files = 0;
      for (const auto& entry : fs::directory_iterator(path(output) / "journal", none))
        files += entry.path().extension() == ".json" ? 1 : 0;
      return files;
    };
    EXPECT_TRUE(eventually([&] { return kept() >= runs; })) << process.errors();
    process.send(signal);
    const auto outcome = process.wait(10s);
    EXPECT_TRUE(outcome) << "does not stop";
    return outcome.value_or(Outcome{});
  }

 private:
  TemporaryDirectory directory_;
};

std::size_t count_runs(const json& report) {
  std::size_t runs = 0;
  for (const json& result : report.at("results")) runs += result.at("runs").size();
  return runs;
}

TEST_F(Resuming, AfterCtrlCAndKillGivesTheReportOfAnUninterruptedRun) {
  const Outcome interrupted = stop_after(2, SIGINT, start("out"), "out");
  EXPECT_EQ(interrupted.exit_code, 130) << interrupted.errors;
  EXPECT_THAT(interrupted.output, HasSubstr("This report is partial: "));
  EXPECT_THAT(interrupted.output, HasSubstr("of 12 runs done; missing: "));
  EXPECT_THAT(interrupted.errors,
              HasSubstr("of 12 runs done, which " + path("out").string() + "/report.json holds; this goes on: "));
  EXPECT_THAT(interrupted.errors, EndsWith(std::string(OUTRIDER_PROGRAM) + " simulate " + path("many.toml").string() +
                                           " --resume --output " + path("out").string() + "\n"));
  const json partial = report("out");
  EXPECT_EQ(partial.at("complete"), false);
  EXPECT_GE(count_runs(partial), 2u);
  EXPECT_LT(count_runs(partial), kRuns);
  EXPECT_EQ(partial.at("missing").size(), kRuns - count_runs(partial));
  EXPECT_THAT(text_of_file(path("out") / "accuracy.svg"), HasSubstr("supsup at 0.1"));

  EXPECT_EQ(stop_after(count_runs(partial) + 1, SIGKILL, resume("out"), "out").signal, SIGKILL);
  const Outcome resumed = run(resume("out"));
  EXPECT_EQ(resumed.exit_code, 0) << resumed.errors;
  EXPECT_THAT(resumed.errors, HasSubstr("runs are there already"));
  EXPECT_EQ(report("out").at("complete"), true);

  const Outcome whole = run(start("whole"));
  ASSERT_EQ(whole.exit_code, 0) << whole.errors;
  EXPECT_EQ(without_moments(report("out")).dump(), without_moments(report("whole")).dump());
  for (const char* file : {"accuracies.csv", "accuracy.svg"})
    EXPECT_EQ(text_of_file(path("out") / file), text_of_file(path("whole") / file)) << file;

  const std::string before = text_of_file(path("out") / "report.json");
  const Outcome again = run(resume("out"));
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_EQ(again.output, "the run in " + path("out").string() + " is complete: there is nothing to resume\n");
  EXPECT_EQ(text_of_file(path("out") / "report.json"), before);
}

TEST_F(Resuming, IsRefusedWhereItWouldBeAnotherRun) {
  expect_complaint(run(resume("out")), kFailure, {"there is no run to resume in", "out"});
  EXPECT_FALSE(fs::exists(path("out")));
  stop_after(1, SIGKILL, start("out"), "out");
  std::vector<std::string> other = resume("out");
  other.insert(other.end(), {"--seed", "4"});
  expect_complaint(run(other), kFailure, {"began without --seed", "--seed 4"});
  write_text(path("many.toml"), std::string(kManyRuns) + "# changed\n");
  expect_complaint(run(resume("out")), kFailure, {"many.toml", "is not the one that the run in"});
}

}  // namespace
}  // namespace outrider::testing
