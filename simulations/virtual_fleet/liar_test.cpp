// Liars in a virtual world: the cores of the field, the aggregator's rules, and honest clients who must still be right.
#include "simulations/virtual_fleet/liar.h"

#include <algorithm>
#include <fstream>

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "knowledge/temporary_directory.h"
#include "simulations/experiment/test_experiment_run.h"
#include "simulations/experiment/test_interruption.h"
#include "simulations/virtual_fleet/federation_run.h"
#include "simulations/virtual_fleet/federation_world.h"

namespace outrider::simulations {
namespace {

constexpr const char* kWorldOfLiars = R"(
name = "liars"
title = "One of ten says what is not true"
methods = ["federated"]
[data]
kind = "gaussians"
[gaussians]
classes = 6
dimension = 8
examples = 3000
encoder_bytes = 1000
[federation]
clients = 10
rendezvous = 6
hours_between = 0.2
[network]
loss = 0.1
duplication = 0.1
[crashes]
clients_per_hour = 2
aggregator_per_hour = 1
[[profile]]
name = "honest"
share = 9
[[profile]]
name = "other"
share = 1
)";

class LiarsInAWorld : public testing::Test {
 protected:
  FederationReport run(const std::string& more) const {
    SimulateOptions options;
    options.scenario = directory_.path() / "liars.toml";
    options.output = directory_.path() / "out";
    std::filesystem::remove_all(options.output);
    std::ofstream(options.scenario) << kWorldOfLiars << more;
    const std::string seeds =
        fmt::format("seeds = [{}]\n", fmt::join(seeds_with_one_liar(load_federation(options.scenario)), ", "));
    std::ofstream(options.scenario) << seeds << kWorldOfLiars << more;
    return run_until(0, [&](ProgressDisplay& display, Interruption& interruption) {
      return report_of_run<FleetExperiment>(options, display, interruption);
    });
  }
  // Of whom there are two, each is the other's next largest teacher: docs/poison.md.
  static std::vector<std::uint64_t> seeds_with_one_liar(Federation federation) {
    federation.profiles.back().lies = true;
    std::vector<std::uint64_t> seeds;
    for (std::uint64_t seed = 1; seeds.size() < 3; ++seed)
      if (std::ranges::count(liars_of(federation, seed), true) == 1) seeds.push_back(seed);
    return seeds;
  }
  // Of test pictures of all classes, after every client's last rendezvous.
  static double accuracy(const FederationReport& report) {
    double sum = 0;
    for (const FederationRun& run : report.runs) sum += run.steps.back().federated.value();
    return sum / static_cast<double>(report.runs.size());
  }

  TemporaryDirectory directory_;
};

TEST_F(LiarsInAWorld, TakeLittleFromHonestClients) {
  const FederationReport honest = run("");
  const FederationReport attacked = run("lies = true\n");
  const FederationReport unguarded =
      run("lies = true\n[admission]\nmost_pictures = 1000000000000\nmost_classes = 1000000\ntrust_alone = true\n");
  RecordProperty("honest", std::to_string(accuracy(honest)));
  RecordProperty("attacked", std::to_string(accuracy(attacked)));
  RecordProperty("unguarded", std::to_string(accuracy(unguarded)));
  for (const FederationRun& run : attacked.runs) EXPECT_GT(run.world.aggregator.refused, 0U) << run.seed;
  EXPECT_GE(accuracy(attacked), accuracy(honest) - 0.2);
  EXPECT_LE(accuracy(unguarded), accuracy(attacked) - 0.4);
}

TEST_F(LiarsInAWorld, AreTheSameForTheSameSeed) {
  const FederationReport a = run("lies = true\n");
  const FederationReport b = run("lies = true\n");
  for (std::size_t i = 0; i < a.runs.size(); ++i) {
    EXPECT_EQ(a.runs[i].world.events, b.runs[i].world.events);
    EXPECT_EQ(a.runs[i].world.knowledge, b.runs[i].world.knowledge);
  }
}

}  // namespace
}  // namespace outrider::simulations
