#include "simulations/rounds_scenario.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/ranges.h>

#include "learners/averaging/narrow.h"
#include "learners/growing/mixture_form.h"
#include "simulations/scenario_file.h"

namespace outrider::simulations {
namespace {

constexpr std::array<std::string_view, 3> kEncodings{"float32", "float16", "int8"};

void read_rounds_root(const TomlFile& file, RoundsScenario& scenario) {
  TomlReader reader(file.root(), file.path(), "the scenario");
  read_name(reader, scenario.name);
  reader.require("setting");
  reader.require("method");
  reader.read("title", scenario.title);
  reader.read_integers("seeds", scenario.seeds, 0, INT64_MAX);
  reader.read_integer("threads", scenario.threads, 1, 1024);
  for (const char* table : {"rounds", "growth", "setting", "method", "merging"}) reader.know(table);
  reader.finish();
}

void read_rounds_plan(TomlReader& reader, RoundsPlan& plan) {
  reader.read_integer("rounds", plan.rounds, 1, 100'000);
  reader.read_integer("measure_every", plan.measure_every, 1, 100'000);
  reader.read_number("late", plan.late, 0, 1);
  reader.read("central", plan.central);
}

void read_growth(TomlReader& reader, GrowthPlan& growth) {
  reader.read_integer("patience", growth.patience, 1, 100'000);
  reader.read_number("gain", growth.gain, 0, 1);
  reader.read_number("factor", growth.factor, 1.01, 100);
}

// The key "name" of one of a list of tables.
template <typename Item>
void read_own_name(TomlReader& reader, const std::vector<Item>& others, std::string& name) {
  reader.require("name");
  reader.read("name", name);
  if (name.empty() || std::ranges::find(others, name, &Item::name) != others.end())
    reader.complain("name", "a text that no other of these tables has");
}

void read_setting(TomlReader& reader, std::vector<RoundsSetting>& settings) {
  RoundsSetting setting;
  read_own_name(reader, settings, setting.name);
  reader.require("data");
  reader.read("data", setting.data.kind);
  std::string path;
  reader.read("path", path);
  setting.data.path = path;
  reader.read("architecture", setting.architecture);
  read_input(reader, setting.preprocessing.input);
  reader.read("invert", setting.preprocessing.invert);
  reader.read_number("mean", setting.preprocessing.mean, -10, 10);
  reader.read_number("deviation", setting.preprocessing.deviation, 1e-3, 10);
  reader.read_integer("clients", setting.clients, 1, 10'000);
  read_partition(reader, "partition", "partition", setting.partition);
  reader.read_integer("train_pictures", setting.train_pictures, 0, 1'000'000);
  reader.read_integer("test_pictures", setting.test_pictures, 0, 1'000'000);
  reader.read_integer("cohort", setting.cohort, 1, 10'000);
  if (setting.cohort > setting.clients)
    reader.complain(
        reader.has("cohort") ? "cohort" : "clients",
        fmt::format("such that a cohort of {} is not more than the {} clients", setting.cohort, setting.clients));
  reader.read_integer("batch", setting.batch, 1, 100'000);
  reader.read_integer("epochs", setting.epochs, 1, 100'000);
  reader.read_number("rate", setting.rate, 1e-6, 10);
  settings.push_back(std::move(setting));
}

void read_strategy(TomlReader& reader, averaging::Strategy& strategy) {
  std::string text = strategy.text();
  reader.read("strategy", text);
  if (auto objection = objection_of([&] { strategy = averaging::parse_strategy(text); }))
    reader.complain("strategy", fmt::format("a strategy as docs/rounds.md has them ({})", *objection));
}

void read_method(TomlReader& reader, std::vector<RoundsMethod>& methods) {
  RoundsMethod method;
  read_own_name(reader, methods, method.name);
  if (method.name == kCentral)
    reader.complain("name", fmt::format("another than '{}', which is all pictures at one place", kCentral));
  read_strategy(reader, method.strategy);
  reader.read_choice("precision", kEncodings, method.encoding);
  reader.read_numbers("widths", method.widths, averaging::kWidths[std::size(averaging::kWidths) - 1], 1);
  for (const double width : method.widths) {
    if (std::ranges::count(averaging::kWidths, width) == 0)
      reader.complain("widths", fmt::format("a list of some of {}", fmt::join(averaging::kWidths, ", ")));
    if (width < 1 && !averaging::takes_narrow(method.strategy))
      reader.complain("widths", "[1], as the strategy takes whole networks only");
  }
  reader.read_number("size", method.size, 0.01, 1);
  reader.read("nested", method.nested);
  reader.read("masked", method.masked);
  reader.read("grow", method.grow);
  reader.read("new_channels", method.new_channels);
  if (method.new_channels && !method.grow) reader.complain("new_channels", "left out unless grow is true");
  if (method.grow && method.size == 1) reader.complain("grow", "left out unless size is below 1: there is no room");
  if (method.grow && method.strategy.scaffold)
    reader.complain("grow", "left out where the strategy is scaffold: clients' control variates do not grow");
  methods.push_back(std::move(method));
}

void read_merging(TomlReader& reader, const std::vector<RoundsSetting>& settings, MergingPlan& merging) {
  for (const RoundsSetting& setting : settings) merging.settings.push_back(setting.name);
  reader.read("settings", merging.settings);
  for (const std::string& name : merging.settings)
    if (std::ranges::find(settings, name, &RoundsSetting::name) == settings.end())
      reader.complain("settings", fmt::format("a list of names of settings; there is no '{}'", name));
  if (merging.settings.empty()) reader.complain("settings", "a list of at least one setting's name");
  reader.read("architecture", merging.architecture);
  reader.read_number("size", merging.size, 0.01, 1);
  reader.read_integer("templates", merging.templates, 1, growing::MixtureForm::kMostTemplates);
  reader.read_integer("own", merging.own, 0, 1'000'000);
  reader.read_integer("shared", merging.shared, 1, 1'000'000);
  reader.read_integer("batch", merging.batch, 1, 100'000);
  reader.read_integer("epochs", merging.epochs, 1, 100'000);
  reader.read_integer("merged_epochs", merging.merged_epochs, 1, 100'000);
  reader.read_number("rate", merging.rate, 1e-6, 10);
}

}  // namespace

std::string_view name_of(averaging::Encoding encoding) {
  return kEncodings[static_cast<std::size_t>(encoding)];
}

bool is_rounds(const std::filesystem::path& file) {
  return TomlFile(file).root().contains("rounds");
}

RoundsScenario load_rounds(const std::filesystem::path& path) {
  const TomlFile file(path);
  RoundsScenario scenario;
  read_rounds_root(file, scenario);
  file.table("rounds", [&](TomlReader& reader) { read_rounds_plan(reader, scenario.plan); });
  file.table("growth", [&](TomlReader& reader) { read_growth(reader, scenario.growth); });
  file.tables("setting", [&](TomlReader& reader) { read_setting(reader, scenario.settings); });
  file.tables("method", [&](TomlReader& reader) { read_method(reader, scenario.methods); });
  file.table("merging",
             [&](TomlReader& reader) { read_merging(reader, scenario.settings, scenario.merging.emplace()); });
  return scenario;
}

}  // namespace outrider::simulations
