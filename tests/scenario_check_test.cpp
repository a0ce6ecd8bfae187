// A scenario to start from, and whether one is in order, without running it.
#include <gmock/gmock.h>

#include "tests/mistakes.h"

namespace outrider::testing {
namespace {

using ::testing::HasSubstr;

class ScenarioCheck : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return (directory_.path() / name).string(); }
  // Writes a scenario and checks it.
  Outcome check(const std::string& text, const std::vector<std::string>& more_arguments = {}) const {
    write_text(path("x.toml"), text);
    std::vector<std::string> arguments{"simulate", path("x.toml"), "--check"};
    arguments.insert(arguments.end(), more_arguments.begin(), more_arguments.end());
    return run(arguments);
  }

  TemporaryDirectory directory_;
};

class NewScenario : public ScenarioCheck, public ::testing::WithParamInterface<std::pair<const char*, const char*>> {};

TEST_P(NewScenario, IsValidAsItIsWritten) {
  const std::string file = path("mine.toml");
  const Outcome written = run({"scenario", "new", "mine", "--kind", GetParam().first, "--output", file});
  EXPECT_EQ(written.exit_code, 0) << written.errors;
  const Outcome checked = run({"simulate", file, "--check"}, std::chrono::seconds(50));
  EXPECT_EQ(checked.exit_code, 0) << checked.errors;
  EXPECT_EQ(checked.output, file + ": " + GetParam().second + ": valid\n");
  EXPECT_FALSE(std::filesystem::exists("runs/mine"));
}

INSTANTIATE_TEST_SUITE_P(Kinds, NewScenario,
                         ::testing::Values(std::pair{"mission", "a mission of 4 clients, 4 new classes, 4 steps"},
                                           std::pair{"study", "a study of 5 tasks, 5 methods, 3 seeds"},
                                           std::pair{"federation",
                                                     "a federation of 100 clients, 10 rendezvous, 3 seeds"},
                                           std::pair{"rounds", "30 rounds of training, 1 setting, 1 method, 3 seeds"}),
                         [](const auto& kind) { return std::string(kind.param.first); });

TEST_F(ScenarioCheck, NeverOverwritesAScenarioUnasked) {
  write_text(path("mine.toml"), "years of work");
  expect_complaint(run({"scenario", "new", "mine", "--output", path("mine.toml")}), kFailure,
                   {path("mine.toml"), "there already"});
  EXPECT_EQ(text_of_file(path("mine.toml")), "years of work");
}

TEST_F(ScenarioCheck, WritesNoScenarioThatCannotBeCalledSoOrStandThere) {
  expect_complaint(run({"scenario", "new", "a/b", "--output", path("a.toml")}), kFailure, {"'a/b'", "directory"});
  expect_complaint(run({"scenario", "new", "a\"b", "--output", path("a.toml")}), kFailure, {"quotes"});
  expect_complaint(run({"scenario", "new", "a", "--output", path("no/a.toml")}), kFailure, {path("no/a.toml")});
  EXPECT_FALSE(std::filesystem::exists(path("a.toml")));
}

TEST_F(ScenarioCheck, OfAStormIsDoneInAMoment) {
  const std::filesystem::path sources = OUTRIDER_SOURCES;
  const Outcome outcome = run({"simulate", (sources / "scenarios/storm.toml").string(), "--check", "--seed", "7"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr("a federation of 5 clients, 6 rendezvous, 1 seed: valid\n"));
}

TEST_F(ScenarioCheck, NamesTheLineOfAMistakeInAFederation) {
  const std::string head = "name = \"x\"\n[data]\nkind = \"mnist\"\n[federation]\n";
  expect_complaint(check(head + "clients = 0\n"), kFailure,
                   {path("x.toml") + ":5: ", "federation.clients", "1 to 100000"});
  expect_complaint(check(head + "[network]\nshortest_delay_ms = 500\n"), kFailure,
                   {path("x.toml") + ":6: ", "network.shortest_delay_ms", "at most the longest delay, 200 ms"});
  expect_complaint(check(head + "[profile]\nshare = 1\n"), kFailure, {path("x.toml") + ":5: ", "[[profile]]"});
}

TEST_F(ScenarioCheck, NamesTheFileWhenTheDataLackWhatItAsksFor) {
  const std::string points = "name = \"x\"\n[data]\nkind = \"gaussians\"\n[gaussians]\nclasses = 9\n";
  expect_complaint(check(points + "[federation]\nclasses_at_once = 2\nrendezvous = 3\n"), kFailure,
                   {path("x.toml") + ": ", "9 classes, 2 at once, cannot all come in 3 steps"});
  expect_complaint(check(points + "[federation]\n", {"--processes"}), kFailure, {"real processes", "gaussians"});
  expect_complaint(check(points + "[federation]\n", {"--data", "/nowhere"}), kFailure, {path("x.toml"), "--data"});
  expect_complaint(check("name = \"x\"\n[data]\nkind = \"mnist\"\npath = \"/nowhere\"\n[federation]\n"), kFailure,
                   {path("x.toml") + ": ", "/nowhere", "does not exist"});
}

}  // namespace
}  // namespace outrider::testing
