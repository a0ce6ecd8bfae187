// One world over several processes that mpirun launches. Built with OUTRIDER_MPI alone.
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/process.h"

namespace outrider::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr const char* kScenario = R"(
name = "ranks"
seeds = [1, 2]
[data]
kind = "gaussians"
[gaussians]
classes = 6
dimension = 4
examples = 300
[federation]
clients = 9
rendezvous = 4
hours_between = 0.05
withdrawals = 0.1
clients_measured = 5
[[profile]]
name = "steady"
share = 2
[[profile]]
name = "dishonest"
dishonest = true
[network]
loss = 0.2
duplication = 0.2
delay = "pareto"
shortest_delay_ms = 5
longest_delay_ms = 20000
[crashes]
clients_per_hour = 100
aggregator_per_hour = 20
)";

class Ranks : public ::testing::Test {
 protected:
  void SetUp() override {
    // More ranks than processors, and as whoever runs the tests.
    for (const char* name :
         {"OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "OMPI_MCA_rmaps_base_oversubscribe"})
      ::setenv(name, "1", 1);
    ::setenv("OMPI_MCA_plm", "isolated", 1);  // one machine, which may have no ssh
    write_text(path("ranks.toml"), kScenario);
  }

  std::string path(const std::string& name) const { return (directory_.path() / name).string(); }

  Outcome simulate_on(int ranks, const std::string& scenario, const std::string& output) const {
    return run_program(OUTRIDER_MPIRUN, {"-n", std::to_string(ranks), OUTRIDER_PROGRAM, "simulate", path(scenario),
                                         "--output", path(output)});
  }

  // The report but for what real time and memory are in it.
  json result_of(const std::string& output) const {
    json report = json::parse(text_of_file(path(output + "/report.json")));
    report.erase("figures");
    for (json& run : report.at("runs")) {
      run.erase("seconds");
      run.erase("bytes_per_resting_client");
      for (json& step : run.at("steps")) step.erase("seconds");
    }
    return report;
  }

  TemporaryDirectory directory_;
};

TEST_F(Ranks, ChangeNothingOfAWorld) {
  const Outcome alone = run({"simulate", path("ranks.toml"), "--output", path("alone")});
  ASSERT_EQ(alone.exit_code, 0) << alone.errors;
  EXPECT_GT(result_of("alone").at("runs").at(0).at("messages_lost"), 50);
  for (const int ranks : {2, 4}) {
    const std::string output = "ranks-" + std::to_string(ranks);
    const Outcome together = simulate_on(ranks, "ranks.toml", output);
    ASSERT_EQ(together.exit_code, 0) << together.errors;
    EXPECT_THAT(together.output, HasSubstr("every promise held"));
    EXPECT_EQ(result_of(output), result_of("alone")) << ranks;
    EXPECT_EQ(text_of_file(path(output + "/clients.csv")), text_of_file(path("alone/clients.csv"))) << ranks;
  }
}

TEST_F(Ranks, SayOnceWhatIsWrong) {
  write_text(path("broken.toml"), std::string(kScenario) + "aggregator_per_year = 1\n");
  const Outcome outcome = simulate_on(2, "broken.toml", "broken");
  EXPECT_NE(outcome.exit_code, 0);
  const std::string sentence = "outrider: " + path("broken.toml") + ":";
  const std::size_t first = outcome.errors.find(sentence);
  ASSERT_NE(first, std::string::npos) << outcome.errors;
  EXPECT_EQ(outcome.errors.find(sentence, first + 1), std::string::npos) << outcome.errors;
}

}  // namespace
}  // namespace outrider::testing
