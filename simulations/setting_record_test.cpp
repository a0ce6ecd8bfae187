#include "simulations/scenario/setting_record.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"
#include "simulations/class_incremental/mission_report.h"
#include "simulations/federated_rounds/rounds_report.h"
#include "simulations/report/comparison.h"
#include "simulations/task_incremental/study_report.h"
#include "simulations/virtual_fleet/federation_report.h"

namespace outrider::simulations {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

// Values of every type, of which each setting takes some.
std::vector<std::string> candidates_for(const Setting& setting) {
  std::vector<std::string> values = setting.choices;
  if (const auto to = setting.range.find(" to "); to != std::string::npos)
    for (const std::string& bound : {setting.range.substr(0, to), setting.range.substr(to + 4)}) {
      values.push_back(bound);
      values.push_back("[" + bound + "]");
    }
  for (const char* value : {"true", "false", R"("another")", R"(["another"])", R"("3x32x32")", R"("fedavgm")"})
    values.emplace_back(value);
  return values;
}

bool takes(const Setting& setting, const std::string& value) {
  const toml::table table = toml::parse(setting.key + " = " + value);
  TomlReader reader(table, "file", "table");
  try {
    setting.read(reader);
    return true;
  } catch (const InputError&) {
    return false;
  }
}

// Gives it another value, of its type and in its range.
bool change(const Setting& setting) {
  const std::string before = setting.text();
  return std::ranges::any_of(candidates_for(setting), [&](const std::string& value) {
    return takes(setting, value) && setting.text() != before;
  });
}

// What the run's own files say.
ComparedRun saved_and_read(const std::string& label, const auto& report) {
  const TemporaryDirectory directory;
  save(report, directory.path());
  ComparedRun run{label, load_findings(directory.path())};
  run.findings.figures = {{"accuracy", "", Unit::share, Better::higher, once(0.5)}};
  return run;
}

std::vector<std::string> paths_that_differ(const auto& one, const auto& other) {
  std::vector<std::string> paths;
  for (const ComparedSetting& setting : compare({saved_and_read("a", one), saved_and_read("b", other)}).settings)
    paths.push_back(setting.path);
  return paths;
}

// Of the tables that are part of the scenario, calls with(table, element, setting) for each setting.
void for_each_setting(const SettingTables& tables, auto&& with) {
  for (std::size_t table = 0; table < tables.size(); ++table)
    for (std::size_t element = 0; tables[table].is_there && element < tables[table].elements.size(); ++element)
      for (std::size_t key = 0; key < tables[table].elements[element].size(); ++key) with(table, element, key);
}

std::string path_of(const SettingTable& table, const SettingList& element, const Setting& setting) {
  if (table.name.empty()) return setting.key;
  if (!table.is_list) return table.name + "." + setting.key;
  if (setting.key == "name") return table.name + "s";
  return table.name + "." + nlohmann::json::parse(element.front().text()).get<std::string>() + "." + setting.key;
}

// Changes one setting of the report's scenario after the other; the tables that were changed are noted.
template <auto member, typename AReport>
void expect_every_change_is_named(const AReport& report, std::set<std::string>& tables_seen) {
  AReport original = report;
  const SettingTables settings = settings_of(original.*member);
  for_each_setting(settings, [&](std::size_t table, std::size_t element, std::size_t key) {
    AReport changed = report;
    const SettingTables others = settings_of(changed.*member);
    const Setting& setting = others[table].elements[element][key];
    const std::string path = path_of(settings[table], settings[table].elements[element], setting);
    ASSERT_TRUE(change(setting)) << path;
    EXPECT_THAT(paths_that_differ(report, changed), Contains(path));
    tables_seen.insert(settings[table].name);
  });
}

template <typename Kind>
void expect_texts_are_read_as_they_are(Kind scenario) {
  const SettingTables settings = settings_of(scenario);
  for_each_setting(settings, [&](std::size_t table, std::size_t element, std::size_t key) {
    const Setting& setting = settings[table].elements[element][key];
    if (setting.is_required) return;
    const std::string text = setting.text();
    if (text == "[]") return;
    EXPECT_TRUE(takes(setting, text)) << setting.key;
    EXPECT_EQ(setting.text(), text) << setting.key;
  });
}

Federation two_profiles() {
  Federation federation;
  federation.name = "two";
  federation.data.kind = "fashion-mnist";
  federation.profiles = {{.name = "phone"}, {.name = "tablet"}};
  return federation;
}

RoundsScenario two_methods() {
  RoundsScenario scenario;
  scenario.name = "two";
  scenario.settings.emplace_back().name = "pictures";
  scenario.methods.emplace_back().name = "fedavg";
  scenario.methods.emplace_back().name = "nested";
  scenario.merging.emplace().settings = {"pictures"};
  return scenario;
}

RoundsReport rounds_report() {
  RoundsReport report;
  report.scenario = two_methods();
  report.facts.resize(1);
  return report;
}

TEST(SettingRecord, ComparisonNamesEverySettingInWhichTwoMissionsDiffer) {
  std::set<std::string> tables;
  Report report;
  report.scenario.name = "mission";
  expect_every_change_is_named<&Report::scenario>(report, tables);
  EXPECT_THAT(tables, ElementsAre("", "data", "fine_tuning", "mission", "pretraining"));
}

TEST(SettingRecord, ComparisonNamesEverySettingInWhichTwoStudiesDiffer) {
  std::set<std::string> tables;
  StudyReport report;
  report.study.name = "study";
  expect_every_change_is_named<&StudyReport::study>(report, tables);
  EXPECT_THAT(tables, ElementsAre("", "baselines", "data", "network", "supermask", "tasks"));
}

TEST(SettingRecord, ComparisonNamesEverySettingInWhichTwoFederationsDiffer) {
  std::set<std::string> tables;
  FederationReport report;
  report.federation = two_profiles();
  expect_every_change_is_named<&FederationReport::federation>(report, tables);
  report.federation.data.kind = kGaussians;
  expect_every_change_is_named<&FederationReport::federation>(report, tables);
  EXPECT_THAT(tables, ElementsAre("", "admission", "crashes", "data", "federation", "gaussians", "network", "partition",
                                  "pretraining", "profile"));
}

TEST(SettingRecord, ComparisonNamesEverySettingInWhichTwoScenariosOfRoundsDiffer) {
  std::set<std::string> tables;
  expect_every_change_is_named<&RoundsReport::scenario>(rounds_report(), tables);
  EXPECT_THAT(tables, ElementsAre("", "growth", "merging", "method", "rounds", "setting"));
}

TEST(SettingRecord, ComparisonNamesWhatOneRunAloneHas) {
  FederationReport one;
  one.federation = two_profiles();
  FederationReport other = one;
  other.federation.profiles.pop_back();
  EXPECT_THAT(paths_that_differ(one, other), Contains("profile.tablet.share"));
  std::swap(one.federation.profiles[0], one.federation.profiles[1]);
  other.federation = two_profiles();
  EXPECT_THAT(paths_that_differ(one, other), ElementsAre("profiles")) << "their order decides who is what";
  RoundsReport rounds = rounds_report();
  rounds.scenario.merging.reset();
  EXPECT_THAT(paths_that_differ(rounds_report(), rounds), Contains("merging.own"));
}

TEST(SettingRecord, NumbersThatDifferInTheirLastDigitDiffer) {
  Report one;
  one.scenario.name = "mission";
  Report other = one;
  other.scenario.pretraining.mean = 1e-7F;
  EXPECT_THAT(paths_that_differ(one, other), ElementsAre("pretraining.mean"));
  one.scenario.pretraining.mean = 0.2860001F;
  other.scenario.pretraining.mean = 0.2860002F;
  EXPECT_THAT(paths_that_differ(one, other), ElementsAre("pretraining.mean"));
}

TEST(SettingRecord, ListsThatDifferInWhereAnElementEndsDiffer) {
  Report one;
  one.scenario.name = "mission";
  Report other = one;
  one.scenario.pretraining.classes = {"coat, shirt"};
  other.scenario.pretraining.classes = {"coat", "shirt"};
  EXPECT_THAT(paths_that_differ(one, other), ElementsAre("pretraining.classes"));
}

TEST(SettingRecord, WhatASettingSaysIsReadAsItIs) {
  Scenario mission;
  mission.title = "line\\ \"quoted\" ümlaut";
  expect_texts_are_read_as_they_are(mission);
  Study study;  // a temporary is taken for one that may not be initialized
  expect_texts_are_read_as_they_are(std::move(study));
  expect_texts_are_read_as_they_are(two_profiles());
  expect_texts_are_read_as_they_are(two_methods());
}

}  // namespace
}  // namespace outrider::simulations
