#include "simulations/federated_rounds/rounds_run.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "knowledge/counted.h"
#include "knowledge/error.h"
#include "simulations/experiment/seeded_runs.h"
#include "simulations/federated_rounds/rounds_method_run.h"
#include "simulations/federated_rounds/rounds_record.h"

namespace outrider::simulations {
namespace {

// Where there are data sets of several kinds, `data` has a folder for each by the name of its kind; what has none there
// is where it is by default.
void read_data_from(const std::filesystem::path& data, std::vector<RoundsSetting>& settings) {
  const bool several = std::ranges::any_of(
      settings, [&](const RoundsSetting& setting) { return setting.data.kind != settings.front().data.kind; });
  for (RoundsSetting& setting : settings) {
    const std::filesystem::path own = several ? data / setting.data.kind : data;
    if (!several || std::filesystem::exists(own)) setting.data.path = own;
  }
}

// All pictures at one place, if asked for, then the methods, in every setting.
std::vector<RoundsResult> empty_rounds_results(const RoundsScenario& scenario) {
  std::vector<RoundsResult> results;
  for (const RoundsSetting& setting : scenario.settings) {
    if (scenario.plan.central) results.push_back({setting.name, std::string(kCentral)});
    for (const RoundsMethod& method : scenario.methods) results.push_back({setting.name, method.name});
  }
  return results;
}

SettingFacts facts_of(const RoundsPictures& pictures, const averaging::LearningTask& task) {
  return {pictures.source,
          pictures.sha256,
          pictures.train.size(),
          pictures.test.size(),
          pictures.clients(),
          pictures.classes_per_client(),
          task.network.parameter_count()};
}

}  // namespace

SettingFacts look_at(const RoundsScenario& scenario, const RoundsSetting& setting) {
  const std::uint64_t seed = scenario.seeds.front();
  const RoundsPictures pictures = select_pictures(setting, seed);
  const std::vector<std::string>& classes = pictures.train.classes;
  for (const RoundsMethod& method : scenario.methods) learning_task(setting, method, classes, seed);
  if (scenario.merging && std::ranges::count(scenario.merging->settings, setting.name) > 0)
    merging_options(*scenario.merging, setting, classes.size(), seed);
  return facts_of(pictures, learning_task(setting, {}, classes, seed));
}

RoundsScenario rounds_of(const SimulateOptions& options) {
  RoundsScenario scenario = load_rounds(options.scenario);
  if (options.episodes)
    throw InputError(
        fmt::format("--episodes is about pre-training, but {} is about rounds of training, which have none",
                    options.scenario.string()));
  if (options.processes || options.namespaces)
    throw InputError(fmt::format("--processes is for federations, but {} is about rounds, which run in one process",
                                 options.scenario.string()));
  if (auto seeds = wanted_seeds(options); !seeds.empty()) scenario.seeds = std::move(seeds);
  if (!options.data.empty()) read_data_from(options.data, scenario.settings);
  return scenario;
}

RoundsExperiment::RoundsExperiment(const SimulateOptions& options) {
  report_.scenario = rounds_of(options);
  report_.results = empty_rounds_results(scenario());
  if (scenario().merging)
    for (const std::string& setting : scenario().merging->settings) report_.merging.push_back({setting});
  plan_items();
}

std::string RoundsExperiment::check() {
  for (const RoundsSetting& setting : scenario().settings) look_at(scenario(), setting);
  return fmt::format("{} of training, {}, {}, {}", counted(scenario().plan.rounds, "round", "rounds"),
                     counted(scenario().settings.size(), "setting", "settings"),
                     counted(scenario().methods.size(), "method", "methods"),
                     counted(scenario().seeds.size(), "seed", "seeds"));
}

// Setting by setting, seed by seed: all methods, and then the merging.
void RoundsExperiment::plan_items() {
  for (const RoundsSetting& setting : scenario().settings)
    for (const std::uint64_t seed : scenario().seeds) {
      for (std::size_t i = 0; i < report_.results.size(); ++i)
        if (report_.results[i].setting == setting.name) items_.push_back({&setting, seed, i, false});
      for (std::size_t i = 0; i < report_.merging.size(); ++i)
        if (report_.merging[i].setting == setting.name) items_.push_back({&setting, seed, i, true});
    }
}

std::string RoundsExperiment::load(const Workplace& workplace) {
  Phase phase(workplace.display, "loading the data", scenario().settings.size());
  std::string digest;
  for (const RoundsSetting& setting : scenario().settings) {
    report_.facts.push_back(look_at(scenario(), setting));
    digest += report_.facts.back().sha256;
    phase.advance();
  }
  return digest;
}

std::string RoundsExperiment::key_of(std::size_t item) const {
  const Item& of = items_[item];
  return of.is_merging ? report_.merging[of.result].label_of(of.seed) : report_.results[of.result].label_of(of.seed);
}

nlohmann::json RoundsExperiment::run(std::size_t item, const Workplace& workplace) {
  const Item& of = items_[item];
  if (!pictures_ || setting_of_pictures_ != of.setting || seed_of_pictures_ != of.seed)
    pictures_.emplace(select_pictures(*of.setting, of.seed));
  setting_of_pictures_ = of.setting;
  seed_of_pictures_ = of.seed;
  try {
    if (of.is_merging) {
      const Phase phase(workplace.display, key_of(item));
      return to_json(run_merging(*scenario().merging, *of.setting, *pictures_, of.seed, workplace.poll));
    }
    return to_json(run_one(of, workplace));
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: {}", key_of(item), error.what()));
  }
}

RoundsRun RoundsExperiment::run_one(const Item& item, const Workplace& workplace) {
  const RoundsResult& result = report_.results[item.result];
  const auto method = std::ranges::find(scenario().methods, result.method, &RoundsMethod::name);
  Phase rounds(workplace.display, result.label(), scenario().plan.rounds);
  const RoundsWatch watch{.poll = workplace.poll, .round_done = [&](const TrainedRound& trained) {
                            rounds.note(fmt::format("loss {:.3f}", trained.loss));
                            rounds.advance();
                          }};
  return run_method(scenario(), *item.setting, method == scenario().methods.end() ? nullptr : &*method, *pictures_,
                    item.seed, watch);
}

std::string RoundsExperiment::take(std::size_t item, const nlohmann::json& record) {
  const Item& of = items_[item];
  if (of.is_merging) {
    insert_in_order(report_.merging[of.result].runs, merging_run_from(record), scenario().seeds);
    return "";
  }
  const RoundsRun run = rounds_run_from(record);
  insert_in_order(report_.results[of.result].runs, run, scenario().seeds);
  return fmt::format("{}: {:.2f} %", key_of(item), 100 * run.points.back().accuracy);
}

void RoundsExperiment::save(const std::filesystem::path& directory) const {
  simulations::save(report_, directory);
}

void RoundsExperiment::summarize(std::ostream& stream) const {
  print_summary(report_, stream);
}

std::string RoundsExperiment::files(const std::filesystem::path& directory) const {
  return fmt::format("{0}/report.html   report.json, accuracies.csv, accuracy-1.svg", directory.string());
}

}  // namespace outrider::simulations
