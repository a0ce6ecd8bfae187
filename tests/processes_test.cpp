// A federation's real daemons, killed now and then, come to what its virtual world comes to.
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "simulations/fleet/network_namespaces.h"
#include "tests/mistakes.h"

namespace outrider::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

const std::string kFederation = R"(
name = "beside"
seeds = [3]
[data]
kind = "fashion-mnist"
[pretraining]
architecture = "conv4"
mean = 0.286
deviation = 0.353
classes = ["t-shirt", "pullover", "dress", "coat", "shirt", "sneaker"]
way = 4
shots = 2
queries = 4
episodes = 4
[federation]
clients = 4
rendezvous = 2
hours_between = 1
classes_at_once = 2
clients_measured = 2
test_pictures = 10
[partition]
kind = "dirichlet"
alpha = 0.5
pictures_per_client = 8
[network]
loss = 0.1
duplication = 0.1
[crashes]
clients_per_hour = 0.7
aggregator_per_hour = 0.7
)";

TEST(Processes, ComeToWhatTheVirtualWorldComesTo) {
  const TemporaryDirectory directory;
  const auto path = [&](const char* name) { return (directory.path() / name).string(); };
  write_text(path("beside.toml"), kFederation);
  const Outcome outcome =
      run({"simulate", path("beside.toml"), "--processes", "--output", path("out")}, std::chrono::seconds(200));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr("came to the same knowledge, bit for bit"));
  const json run = json::parse(text_of_file(path("out/report.json"))).at("runs").at(0);
  const json& processes = run.at("processes");
  EXPECT_EQ(processes.at("knowledge"), run.at("knowledge"));
  EXPECT_EQ(processes.at("clients"), 4);
  EXPECT_GT(processes.at("clients_killed").get<int>() + processes.at("aggregator_killed").get<int>(), 0);
}

TEST(Processes, ComeToItInNetworksOfTheirOwn) {
  if (const auto why = simulations::available_network().namespaces) GTEST_SKIP() << "NOT TESTED: " << *why;
  const TemporaryDirectory directory;
  const auto path = [&](const char* name) { return (directory.path() / name).string(); };
  write_text(path("beside.toml"), kFederation +
                                      "[[profile]]\nname = \"slow\"\nkilobits_per_second = 20000\n"
                                      "[admission]\nmost_classes = 9\nopen_base = true\n");
  const Outcome outcome =
      run({"simulate", path("beside.toml"), "--namespaces", "--output", path("out")}, std::chrono::seconds(200));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr("came to the same knowledge, bit for bit"));
}

TEST(Processes, AreNotStartedForALiar) {
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "liar.toml").string();
  write_text(file, kFederation + "[[profile]]\nname = \"fox\"\ndishonest = true\n");
  expect_complaint(run({"simulate", file, "--processes", "--check"}), kFailure, {"real processes", "'fox'"});
  write_text(file, kFederation + "[[profile]]\nname = \"wolf\"\nlies = true\n");
  expect_complaint(run({"simulate", file, "--processes", "--check"}), kFailure, {"real processes", "'wolf'"});
}

}  // namespace
}  // namespace outrider::testing
