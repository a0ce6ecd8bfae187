#include "simulations/federated_rounds/rounds_scenario.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/ranges.h>

#include "learners/growing/mixture_form.h"
#include "learners/surgery/narrow.h"
#include "simulations/scenario/scenario_file.h"

namespace outrider::simulations {
namespace {

constexpr std::array<std::string_view, 3> kEncodings{"float32", "float16", "int8"};

SettingList settings_of_rounds(RoundsPlan& plan) {
  return {integer_setting("rounds", plan.rounds, 1, 100'000, "how many"),
          integer_setting("measure_every", plan.measure_every, 1, 100'000,
                          "rounds from one measurement of the model to the next"),
          number_setting("late", plan.late, 0, 1, "chance that an update comes after its round is over"),
          flag_setting("central", plan.central, "whether all pictures at one place are trained on too")};
}

SettingList settings_of_growth(GrowthPlan& growth) {
  return {integer_setting("patience", growth.patience, 1, 100'000, "rounds without gain"),
          number_setting("gain", growth.gain, 0, 1,
                         "by which the clients' loss must fall to count as a gain, as a share of the least so far"),
          number_setting("factor", growth.factor, 1.01, 100, "by which widths grow at once")};
}

SettingList settings_of_setting(RoundsSetting& setting) {
  Preprocessing& pictures = setting.preprocessing;
  return joined(
      {{text_setting("name", setting.name, "for the report").required(),
        text_setting("data", setting.data.kind, "fashion-mnist, mnist, cifar10, cifar100, images or fsdd").required(),
        path_setting(setting.data.path), architecture_setting(setting.architecture)},
       preprocessing_settings(pictures.input, pictures.invert, pictures.mean, pictures.deviation),
       {integer_setting("clients", setting.clients, 1, 10'000, "how many")},
       partition_settings("partition", setting.partition),
       {integer_setting("train_pictures", setting.train_pictures, 0, 1'000'000, "of each class; 0: all"),
        integer_setting("test_pictures", setting.test_pictures, 0, 1'000'000, "of each class; 0: all"),
        integer_setting("cohort", setting.cohort, 1, 10'000, "clients asked in a round"),
        integer_setting("batch", setting.batch, 1, 100'000, "pictures at a time"),
        integer_setting("epochs", setting.epochs, 1, 100'000, "that a client trains in a round"),
        number_setting("rate", setting.rate, 1e-6, 10, "learning rate of its plain SGD")}});
}

// The key "name" of one of a list of tables.
template <typename Item>
void check_own_name(const TomlReader& reader, const std::vector<Item>& others, const std::string& name) {
  if (name.empty() || std::ranges::find(others, name, &Item::name) != others.end())
    reader.complain("name", "a text that no other of these tables has");
}

void read_setting(TomlReader& reader, std::vector<RoundsSetting>& settings) {
  RoundsSetting setting;
  read_settings(reader, settings_of_setting(setting));
  check_own_name(reader, settings, setting.name);
  check_partition(reader, "partition", setting.partition);
  if (setting.cohort > setting.clients)
    reader.complain(
        reader.has("cohort") ? "cohort" : "clients",
        fmt::format("such that a cohort of {} is not more than the {} clients", setting.cohort, setting.clients));
  settings.push_back(std::move(setting));
}

void read_strategy(TomlReader& reader, averaging::Strategy& strategy) {
  std::string text = strategy.text();
  reader.read("strategy", text);
  if (auto objection = objection_of([&] { strategy = averaging::parse_strategy(text); }))
    reader.complain("strategy", fmt::format("a strategy as docs/rounds.md has them ({})", *objection));
}

SettingList settings_of_method(RoundsMethod& method) {
  return {
      text_setting("name", method.name, "for the report; not `central`").required(),
      {.key = "strategy",
       .meaning = "as in docs/rounds.md",
       .text = [&method] { return quoted_text(method.strategy.text()); },
       .read = [&method](TomlReader& reader) { read_strategy(reader, method.strategy); }},
      choice_setting("precision", kEncodings, method.encoding, "of updates: float32, float16 or int8"),
      numbers_setting("widths", method.widths, surgery::kWidths[std::size(surgery::kWidths) - 1], 1,
                      "of the parts of the network that clients hold and train: client k has the (k mod n)-th of n "
                      "different ones out of 1, 0.75, 0.5, 0.375, 0.25, 0.1875, 0.125 and 0.0625"),
      flag_setting("nested", method.nested, "whether clients go on with narrower parts that others train"),
      flag_setting("masked", method.masked, "whether classes that a client lacks are left out of its loss"),
      number_setting("size", method.size, 0.01, 1, "width of the network at the beginning, of the setting's"),
      flag_setting("grow", method.grow,
                   "whether it grows, when training stalls, until it is as wide as the setting's; `size` must be below "
                   "1"),
      flag_setting("new_channels", method.new_channels,
                   "whether it grows by channels of their own, which nobody reads yet, instead of copies of those that "
                   "there are")};
}

void read_method(TomlReader& reader, std::vector<RoundsMethod>& methods) {
  RoundsMethod method;
  read_settings(reader, settings_of_method(method));
  check_own_name(reader, methods, method.name);
  if (method.name == kCentral)
    reader.complain("name", fmt::format("another than '{}', which is all pictures at one place", kCentral));
  for (const double width : method.widths) {
    if (std::ranges::count(surgery::kWidths, width) == 0)
      reader.complain("widths", fmt::format("a list of some of {}", fmt::join(surgery::kWidths, ", ")));
    if (width < 1 && !averaging::takes_narrow(method.strategy))
      reader.complain("widths", "[1], as the strategy takes whole networks only");
  }
  if (method.new_channels && !method.grow) reader.complain("new_channels", "left out unless grow is true");
  if (method.grow && method.size == 1) reader.complain("grow", "left out unless size is below 1: there is no room");
  if (method.grow && method.strategy.scaffold)
    reader.complain("grow", "left out where the strategy is scaffold: clients' control variates do not grow");
  methods.push_back(std::move(method));
}

SettingList settings_of_merging(MergingPlan& merging) {
  return {
      texts_setting("settings", merging.settings, "with the pictures of which settings").by_default("all"),
      text_setting("architecture", merging.architecture, "the network, as above"),
      number_setting("size", merging.size, 0.01, 1, "width of the small networks, of the architecture's"),
      integer_setting("templates", merging.templates, 1, growing::MixtureForm::kMostTemplates,
                      "in a set, of which weights are mixtures"),
      integer_setting("own", merging.own, 0, 1'000'000, "pictures of each of its classes that a client has; 0: all"),
      integer_setting("shared", merging.shared, 1, 1'000'000, "pictures of every class for the grown network"),
      integer_setting("batch", merging.batch, 1, 100'000, "pictures at a time"),
      integer_setting("epochs", merging.epochs, 1, 100'000, "of each client"),
      integer_setting("merged_epochs", merging.merged_epochs, 1, 100'000, "of who trains the grown network"),
      number_setting("rate", merging.rate, 1e-6, 10, "learning rate at the beginning")};
}

void read_merging(TomlReader& reader, const std::vector<RoundsSetting>& settings, MergingPlan& merging) {
  for (const RoundsSetting& setting : settings) merging.settings.push_back(setting.name);
  read_settings(reader, settings_of_merging(merging));
  for (const std::string& name : merging.settings)
    if (std::ranges::find(settings, name, &RoundsSetting::name) == settings.end())
      reader.complain("settings", fmt::format("a list of names of settings; there is no '{}'", name));
  if (merging.settings.empty()) reader.complain("settings", "a list of at least one setting's name");
}

}  // namespace

std::string_view name_of(averaging::Encoding encoding) {
  return kEncodings[static_cast<std::size_t>(encoding)];
}

bool is_rounds(const std::filesystem::path& file) {
  return TomlFile(file).root().contains("rounds");
}

SettingTables settings_of(RoundsScenario& scenario) {
  SettingTable settings{.name = "setting",
                        .meaning = "What is learned, and by whom: one table for each setting, by names that differ.",
                        .elements = {},
                        .is_list = true,
                        .is_required = true};
  for (RoundsSetting& setting : scenario.settings) settings.elements.push_back(settings_of_setting(setting));
  SettingTable methods{.name = "method",
                       .meaning =
                           "How clients and aggregator go about it: one table for each method, by names that "
                           "differ.",
                       .elements = {},
                       .is_list = true,
                       .is_required = true};
  for (RoundsMethod& method : scenario.methods) methods.elements.push_back(settings_of_method(method));
  SettingTable merging{.name = "merging",
                       .meaning =
                           "What merging is worth: two clients with different classes train small networks, of "
                           "which one is made by growth, by averaging, and beside them a large one is trained "
                           "from scratch (docs/growing.md). Without this table it is left out.",
                       .elements = {},
                       .is_there = scenario.merging.has_value()};
  if (scenario.merging) merging.elements.push_back(settings_of_merging(*scenario.merging));
  return {{.name = "",
           .meaning = "",
           .elements = {{name_setting(scenario.name), title_setting(scenario.title), seeds_setting(scenario.seeds),
                         integer_setting("threads", scenario.threads, 1, 1024,
                                         "clients that train at the same time; the result is the same for any "
                                         "number")}}},
          {.name = "rounds", .meaning = "", .elements = {settings_of_rounds(scenario.plan)}},
          {.name = "growth",
           .meaning = "When the methods with grow = true grow.",
           .elements = {settings_of_growth(scenario.growth)}},
          std::move(settings),
          std::move(methods),
          std::move(merging)};
}

RoundsScenario load_rounds(const std::filesystem::path& path) {
  const TomlFile file(path);
  RoundsScenario scenario;
  const SettingTables tables = settings_of(scenario);
  read_root(file, tables);
  file.read_tables(tables, [](const std::string&, const TomlReader&) {});
  file.tables("setting", [&](TomlReader& reader) { read_setting(reader, scenario.settings); });
  file.tables("method", [&](TomlReader& reader) { read_method(reader, scenario.methods); });
  file.table("merging",
             [&](TomlReader& reader) { read_merging(reader, scenario.settings, scenario.merging.emplace()); });
  return scenario;
}

}  // namespace outrider::simulations
