#include <gtest/gtest.h>

#include "simulations/class_incremental/mission_scenario.h"
#include "simulations/federated_rounds/rounds_scenario.h"
#include "simulations/scenario/test_scenario_file.h"
#include "simulations/task_incremental/study.h"
#include "simulations/virtual_fleet/federation.h"

namespace outrider::simulations {
namespace {

using ScenarioFile = ScenarioFileTest<load_scenario>;

TEST_F(ScenarioFile, DefaultsStandWhereNothingIsSaid) {
  const Scenario scenario = load("name = 'x'\n[data]\nkind = 'mnist'\n[mission]\nclients = 7\n");
  EXPECT_EQ(scenario.name, "x");
  EXPECT_EQ(scenario.data.kind, "mnist");
  EXPECT_EQ(scenario.mission.clients, 7U);
  EXPECT_EQ(scenario.mission.steps, MissionPlan{}.steps);
  EXPECT_EQ(scenario.pretraining.input, (ImageShape{1, 28, 28}));
}

TEST_F(ScenarioFile, TheScenariosThatComeWithOutriderAreValid) {
  const std::filesystem::path folder = std::filesystem::path(__FILE__).parent_path().parent_path() / "scenarios";
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::filesystem::path& path = entry.path();
    const std::string name = is_study(path)        ? load_study(path).name
                             : is_federation(path) ? load_federation(path).name
                             : is_rounds(path)     ? load_rounds(path).name
                                                   : load_scenario(path).name;
    EXPECT_EQ(name, entry.path().stem().string());
    ++count;
  }
  EXPECT_GE(count, 2U);
}

TEST_F(ScenarioFile, UnknownKeysAreNamedWithTheKnownOnes) {
  expect_complaint("name = 'x'\n[data]\nkind = 'mnist'\ncolour = 1\n", 4, {"data", "'colour'", "kind, path"});
  expect_complaint("name = 'x'\nnames = 'y'\n[data]\nkind = 'mnist'\n", 2, {"'names'", "seed"});
}

TEST_F(ScenarioFile, WrongTypesAndRangesSayWhatIsExpected) {
  const std::string head = "name = 'x'\n[data]\nkind = 'mnist'\n";
  expect_complaint(head + "[mission]\nclients = 'four'\n", 5, {"mission.clients", "a whole number from 1 to 256"});
  expect_complaint(head + "[mission]\nclients = 0\n", 5, {"mission.clients", "1 to 256"});
  expect_complaint(head + "[mission]\nkeep_base = 1\n", 5, {"mission.keep_base", "true or false"});
  expect_complaint(head + "[pretraining]\nclasses = ['a', 2]\n", 5, {"pretraining.classes", "a list of texts"});
  expect_complaint(head + "[pretraining]\nlearning_rate = nan\n", 5, {"pretraining.learning_rate", "a number"});
  expect_complaint(head + "[pretraining]\ninput = '28x28'\n", 5, {"pretraining.input", "CHANNELSxHEIGHTxWIDTH"});
  expect_complaint("name = 'x'\ndata = 3\n", 2, {"data must be a table"});
  expect_complaint("name = '../x'\n[data]\nkind = 'mnist'\n", 1, {"name"});
}

TEST_F(ScenarioFile, WhatIsMissingIsNamed) {
  EXPECT_NE(complaint("[data]\nkind = 'mnist'\n").find("'name'"), std::string::npos);
  EXPECT_NE(complaint("name = 'x'\n").find("'data'"), std::string::npos);
  EXPECT_NE(complaint("name = 'x'\n[data]\n").find("'kind'"), std::string::npos);
}

TEST_F(ScenarioFile, BrokenTomlAndMissingFilesAreRefused) {
  expect_complaint("name = 'x'\n[data\n", 2, {});
  EXPECT_THROW(load_scenario("/no/such/scenario.toml"), InputError);
}

}  // namespace
}  // namespace outrider::simulations
