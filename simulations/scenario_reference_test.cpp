// docs/scenarios.md has each kind's tables as they are declared.
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "simulations/class_incremental/mission_scenario.h"
#include "simulations/federated_rounds/rounds_scenario.h"
#include "simulations/scenario/setting_record.h"
#include "simulations/task_incremental/study.h"
#include "simulations/virtual_fleet/federation.h"

namespace outrider::simulations {
namespace {

constexpr const char* kReference = OUTRIDER_SOURCES "/docs/scenarios.md";
constexpr std::string_view kColumns = "| key | meaning | range | default |\n|---|---|---|---|\n";

// From a heading to the next one that begins with `until`.
std::string part_of(const std::string& text, const std::string& heading, const std::string& until) {
  const auto start = text.find("\n" + heading + "\n");
  if (start == std::string::npos) return "";
  const auto end = text.find("\n" + until, start + 1 + heading.size());
  return text.substr(start + 1, end == std::string::npos ? end : end - start);
}

std::string rows_in(const std::string& part) {
  const auto start = part.find(kColumns);
  if (start == std::string::npos) return "";
  std::istringstream lines(part.substr(start + kColumns.size()));
  std::string rows;
  for (std::string line; std::getline(lines, line) && line.starts_with('|');) rows += line + "\n";
  return rows;
}

std::string whole_reference() {
  const std::ifstream stream(kReference);
  return (std::ostringstream() << stream.rdbuf()).str();
}

// Those that several kinds have alike stand in a chapter of their own.
bool is_shared(const SettingTable& table) {
  return table.name == "data" || table.name == "pretraining";
}

void expect_chapter_has(const std::string& chapter, const SettingTable& table) {
  const std::string heading = reference_heading(table);
  const std::string part = part_of(part_of(whole_reference(), chapter, "## "), heading, "#");
  EXPECT_EQ(rows_in(part), reference_rows(table))
      << kReference << " is not what is declared. In the chapter '" << chapter << "' it must have:\n\n"
      << heading << "\n\n"
      << kColumns << reference_rows(table);
}

void expect_reference_of(const std::string& chapter, const SettingTables& tables) {
  std::size_t own = 0;
  for (const SettingTable& table : tables) {
    expect_chapter_has(is_shared(table) ? "## Data and pre-training" : chapter, table);
    own += is_shared(table) ? 0 : 1;
  }
  std::size_t there = 0;
  const std::string part = part_of(whole_reference(), chapter, "## ");
  for (auto place = part.find(kColumns); place != std::string::npos; place = part.find(kColumns, place + 1)) ++there;
  EXPECT_EQ(there, own) << chapter << " has tables that are not declared";
}

TEST(ScenarioReference, HasEverySettingOfMissionsAsItIsDeclared) {
  Scenario mission;
  expect_reference_of("## Missions", settings_of(mission));
}

TEST(ScenarioReference, HasEverySettingOfStudiesAsItIsDeclared) {
  Study study;
  expect_reference_of("## Studies", settings_of(study));
}

TEST(ScenarioReference, HasEverySettingOfFederationsAsItIsDeclared) {
  Federation federation;
  federation.profiles.emplace_back();
  expect_reference_of("## Federations", settings_of(federation));
}

TEST(ScenarioReference, HasEverySettingOfRoundsAsItIsDeclared) {
  RoundsScenario rounds;
  rounds.settings.emplace_back();
  rounds.methods.emplace_back();
  rounds.merging.emplace();
  expect_reference_of("## Rounds", settings_of(rounds));
}

}  // namespace
}  // namespace outrider::simulations
