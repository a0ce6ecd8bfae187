// A whole scenario of rounds with the real program: training apart comes near to training at one place, a quarter of
// the bytes costs next to nothing, and a network that grows gets where a fixed one is for less work.
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/mistakes.h"
#include "tests/process.h"

namespace outrider::testing {
namespace {

constexpr const char* kRounds = R"(
name = "rounds"
title = "Rounds of training"
[rounds]
rounds = 16
measure_every = 4
[growth]
patience = 1
gain = 0.1
[[setting]]
name = "even"
data = "fashion-mnist"
mean = 0.286
deviation = 0.353
clients = 10
cohort = 5
train_pictures = 200
test_pictures = 100
batch = 10
[[method]]
name = "fedavg"
[[method]]
name = "int8"
precision = "int8"
[[method]]
name = "growing"
size = 0.5
grow = true
)";

class RoundsScenarioRun : public ::testing::Test {
 protected:
  RoundsScenarioRun() {
    write_text(path("rounds.toml"), kRounds);
    outcome_ = run({"simulate", path("rounds.toml"), "--output", path("out")}, std::chrono::seconds(200));
  }

  std::string path(const std::string& name) const { return (directory_.path() / name).string(); }
  // A figure of report.json.
  double figure(const std::string& name, const std::string& method) const {
    for (const auto& found : report_.at("figures"))
      if (found.at("name") == name && found.at("of") == "even: " + method) return found.at("mean").get<double>();
    ADD_FAILURE() << name << " of " << method;
    return 0;
  }

  TemporaryDirectory directory_;
  Outcome outcome_;
  nlohmann::json report_;
};

TEST_F(RoundsScenarioRun, ComparesStrategiesWithAllPicturesAtOnePlace) {
  ASSERT_EQ(outcome_.exit_code, 0) << outcome_.errors;
  report_ = nlohmann::json::parse(text_of_file(path("out/report.json")));
  EXPECT_TRUE(report_.at("complete").get<bool>());
  const double central = figure("accuracy", "central");
  EXPECT_GT(central, 0.7);
  EXPECT_GT(figure("accuracy", "fedavg"), central - 0.1);
  EXPECT_NEAR(figure("accuracy", "int8"), figure("accuracy", "fedavg"), 0.03);
  EXPECT_LT(figure("sent per round", "int8"), 0.3 * figure("sent per round", "fedavg"));
  EXPECT_GT(figure("accuracy", "growing"), central - 0.15);
  EXPECT_LT(figure("operations", "growing"), figure("operations", "fedavg"));
  const auto& growths = report_.at("results").back().at("runs").front().at("growths");
  ASSERT_EQ(growths.size(), 1u) << growths;
  EXPECT_EQ(growths.front().at("width"), 1);
  EXPECT_THAT(outcome_.output, ::testing::HasSubstr("even     growing"));
}

}  // namespace
}  // namespace outrider::testing
