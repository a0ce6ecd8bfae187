#include "simulations/scenario_template.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "simulations/class_incremental/mission_scenario.h"
#include "simulations/federated_rounds/rounds_scenario.h"
#include "simulations/task_incremental/study.h"
#include "simulations/virtual_fleet/federation.h"

namespace outrider::simulations {
namespace {

constexpr std::size_t kWidestLine = 120;
constexpr std::size_t kColumnOfComments = 32;

constexpr std::array<std::string_view, 4> kIntroductions{
    "A mission: clients meet new classes step by step and learn each from a few labelled pictures; after every step is "
    "a rendezvous. Real processes: an aggregator and the clients.",
    "A study: tasks come one after the other, and one network is to know them all; methods are compared. Masks travel "
    "through the federation as they do in the field.",
    "A federation: many clients that learn class prototypes, in one process under virtual time: what data they have "
    "and "
    "when it comes, what they and the network are like, and what goes wrong. The same seed gives the same events.",
    "Rounds: clients train one network together, each on its own pictures; strategies are compared in several "
    "settings, "
    "and with all pictures at one place. One process; the aggregator's own code conducts the rounds."};
constexpr std::string_view kHowToUse =
    "Run it with `outrider simulate FILE`, check it with `outrider simulate FILE --check`. Every key is here; one that "
    "is left out has its default. docs/scenarios.md says more.";

// Lines of comment, broken between words.
std::string comment_lines(std::string_view text) {
  std::string lines;
  std::string line = "#";
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    if (line.size() + 1 + word.size() > kWidestLine) {
      lines += line + "\n";
      line = "#";
    }
    line += " " + word;
  }
  return lines + line + "\n";
}

// `usual` is the setting as it is when nobody sets it.
std::string setting_lines(const Setting& setting, const Setting& usual, bool live) {
  std::string said = fmt::format("{}{} = {}", live ? "" : "# ", setting.key, setting.text());
  said.resize(std::max(said.size() + 1, kColumnOfComments), ' ');
  std::string bounds = setting.range.empty() ? "" : setting.range + "; ";
  if (setting.is_required) {
    bounds += "required";
  } else {
    bounds += "default: " + (setting.fallback.empty() ? usual.text() : setting.fallback);
  }
  if (said.size() + 4 + setting.meaning.size() + bounds.size() <= kWidestLine)
    return fmt::format("{}# {}; {}\n", said, setting.meaning, bounds);
  return fmt::format("{}{}# {}\n", comment_lines(setting.meaning + ":"), said, bounds);
}

std::string table_lines(const SettingTable& table, const SettingTable& usual) {
  std::string text;
  if (!table.name.empty()) {
    text = table.meaning.empty() ? "\n" : "\n" + comment_lines(table.meaning);
    const std::string brackets = table.is_list ? fmt::format("[[{}]]", table.name) : fmt::format("[{}]", table.name);
    text += (table.is_there ? "" : "# ") + brackets + "\n";
  }
  for (std::size_t i = 0; i < table.elements.front().size(); ++i) {
    const Setting& setting = table.elements.front()[i];
    // Where data lie differs from machine to machine: nobody has that of the template.
    const bool live = table.is_there && setting.key != "path" && (!setting.applies || setting.applies());
    text += setting_lines(setting, usual.elements.front()[i], live);
  }
  return text;
}

// What an example sets is written; what `usual` has is said to be the default. Both have the same tables.
template <typename Kind>
std::string template_of(ScenarioKind kind, Kind example, Kind usual, std::string_view left_out) {
  SettingTables tables = settings_of(example);
  const SettingTables defaults = settings_of(usual);
  std::string text = comment_lines(kIntroductions[static_cast<std::size_t>(kind)]) + comment_lines(kHowToUse);
  for (std::size_t i = 0; i < tables.size(); ++i) {
    tables[i].is_there = tables[i].name.empty() || tables[i].name != left_out;
    text += table_lines(tables[i], defaults[i]);
  }
  return text;
}

constexpr float kFashionMean = 0.286F;
constexpr float kFashionDeviation = 0.353F;

Pretraining example_pretraining() {
  Pretraining training;
  training.mean = kFashionMean;
  training.deviation = kFashionDeviation;
  training.classes = {"t-shirt", "pullover", "dress", "coat", "shirt", "sneaker"};
  training.way = 6;
  training.episodes = 600;
  training.halve_every = 200;
  return training;
}

Scenario example_mission() {
  Scenario example;
  example.pretraining = example_pretraining();
  example.mission.steps = 4;
  example.mission.shots = 20;
  example.fine_tuning.epochs = 10;
  return example;
}

Study example_study() {
  Study example;
  example.preprocessing.mean = kFashionMean;
  example.preprocessing.deviation = kFashionDeviation;
  example.tasks.count = 5;
  example.tasks.train_pictures = 1000;
  return example;
}

Federation example_federation() {
  Federation example;
  example.pretraining = example_pretraining();
  example.gaussians.classes = 10;
  example.plan.classes_at_once = 1;
  example.plan.test_pictures = 100;
  example.partition.kind = PartitionKind::dirichlet;
  return example;
}

RoundsScenario example_rounds() {
  RoundsScenario example;
  example.plan.rounds = 30;
  RoundsSetting& setting = example.settings.emplace_back();
  setting.name = "Fashion-MNIST";
  setting.data.kind = "fashion-mnist";
  setting.data.path = "DIR";
  setting.preprocessing.mean = kFashionMean;
  setting.preprocessing.deviation = kFashionDeviation;
  setting.partition.kind = PartitionKind::dirichlet;
  setting.partition.alpha = 0.1;
  example.methods.emplace_back().name = "fedavg";
  example.merging.emplace().settings = {setting.name};
  return example;
}

// What all examples have alike.
template <typename Kind>
Kind named(Kind example, const std::string& name) {
  example.name = name;
  example.title = "What it shows";
  if constexpr (requires { example.data; }) {
    example.data.kind = "fashion-mnist";
    example.data.path = "DIR";
  }
  if constexpr (requires { example.seeds; }) example.seeds = {1, 2, 3};
  return example;
}

// In a function of its own: the compiler takes a temporary where it is used for one that may not be initialized.
Study usual_study() {
  Study usual;
  usual.seeds = {1};
  return usual;
}

// One element in every list of tables, so that each table's defaults are there.
Federation usual_federation() {
  Federation usual;
  usual.profiles.emplace_back();
  return usual;
}

RoundsScenario usual_rounds() {
  RoundsScenario usual;
  usual.settings.emplace_back();
  usual.methods.emplace_back();
  usual.merging.emplace();
  return usual;
}

}  // namespace

std::string scenario_template(ScenarioKind kind, const std::string& name) {
  switch (kind) {
    case ScenarioKind::mission:
      return template_of(kind, named(example_mission(), name), Scenario{}, "");
    case ScenarioKind::study:
      return template_of(kind, named(example_study(), name), usual_study(), "");
    case ScenarioKind::federation: {
      Federation example = named(example_federation(), name);
      example.profiles.emplace_back();
      return template_of(kind, std::move(example), usual_federation(), "gaussians");
    }
    case ScenarioKind::rounds:
      return template_of(kind, named(example_rounds(), name), usual_rounds(), "merging");
  }
  return "";
}

}  // namespace outrider::simulations
