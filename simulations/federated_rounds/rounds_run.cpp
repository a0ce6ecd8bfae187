#include "simulations/federated_rounds/rounds_run.h"

#include <algorithm>
#include <iostream>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "knowledge/error.h"
#include "simulations/experiment/run_directory.h"
#include "simulations/experiment/run_journal.h"
#include "simulations/experiment/run_origin.h"
#include "simulations/experiment/seeded_runs.h"
#include "simulations/federated_rounds/rounds_method_run.h"
#include "simulations/federated_rounds/rounds_record.h"
#include "simulations/scenario/scenario_file.h"

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

namespace {

class RoundsRunner {
 public:
  RoundsRunner(const SimulateOptions& options, const std::filesystem::path& directory, ProgressDisplay& display,
               Interruption& interruption)
      : options_(options), directory_(directory), display_(display), interruption_(interruption) {
    report_.scenario = rounds_of(options);
    report_.results = empty_rounds_results(scenario());
    if (scenario().merging)
      for (const std::string& setting : scenario().merging->settings) report_.merging.push_back({setting});
  }

  RoundsReport execute() {
    load();
    interruption_.defer();
    // Nothing of an earlier run is lost to a scenario that cannot run.
    RunJournal journal = open_run(options_, directory_, digest_of_data());
    try {
      run_all(journal);
    } catch (const Interrupted&) {
      // What is finished is kept, and the report says what is missing.
    }
    return std::move(report_);
  }

 private:
  const RoundsScenario& scenario() const { return report_.scenario; }

  void load() {
    Phase phase(display_, "loading the data", scenario().settings.size());
    for (const RoundsSetting& setting : scenario().settings) {
      report_.facts.push_back(look_at(scenario(), setting));
      phase.advance();
    }
  }

  std::string digest_of_data() const {
    std::string digest;
    for (const SettingFacts& facts : report_.facts) digest += facts.sha256;
    return digest;
  }

  void run_all(RunJournal& journal) {
    recall(journal);
    save(report_, directory_);
    if (report_.runs() > 0) display_.say(fmt::format("{} runs are there already", report_.runs()));
    Phase runs(display_, "runs", report_.completion().missing.size());
    for (const RoundsSetting& setting : scenario().settings)
      for (const std::uint64_t seed : scenario().seeds) {
        std::optional<RoundsPictures> pictures;
        for (RoundsResult& result : report_.results) {
          if (result.setting != setting.name || has_seed(result.runs, seed)) continue;
          if (!pictures) pictures.emplace(select_pictures(setting, seed));
          const RoundsRun run = run_one(setting, result, *pictures, seed);
          journal.put(result.label_of(seed), to_json(run));
          insert_in_order(result.runs, run, scenario().seeds);
          save(report_, directory_);
          runs.note(fmt::format("{}: {:.2f} %", result.label_of(seed), 100 * run.points.back().accuracy));
          runs.advance();
        }
        for (MergingResult& result : report_.merging) {
          if (result.setting != setting.name || has_seed(result.runs, seed)) continue;
          if (!pictures) pictures.emplace(select_pictures(setting, seed));
          const MergingRun run = merge_one(setting, result, *pictures, seed);
          journal.put(result.label_of(seed), to_json(run));
          insert_in_order(result.runs, run, scenario().seeds);
          save(report_, directory_);
          runs.advance();
        }
      }
  }

  void recall(const RunJournal& journal) {
    for (RoundsResult& result : report_.results)
      for (const std::uint64_t seed : scenario().seeds)
        if (const auto kept = journal.get(result.label_of(seed))) result.runs.push_back(rounds_run_from(*kept));
    for (MergingResult& result : report_.merging)
      for (const std::uint64_t seed : scenario().seeds)
        if (const auto kept = journal.get(result.label_of(seed))) result.runs.push_back(merging_run_from(*kept));
  }

  MergingRun merge_one(const RoundsSetting& setting, const MergingResult& result, const RoundsPictures& pictures,
                       std::uint64_t seed) {
    const Phase phase(display_, result.label_of(seed));
    try {
      return run_merging(*scenario().merging, setting, pictures, seed, [&] { interruption_.check(); });
    } catch (const InputError& error) {
      throw InputError(fmt::format("{}: {}", result.label_of(seed), error.what()));
    }
  }

  RoundsRun run_one(const RoundsSetting& setting, const RoundsResult& result, const RoundsPictures& pictures,
                    std::uint64_t seed) {
    const auto method = std::ranges::find(scenario().methods, result.method, &RoundsMethod::name);
    Phase rounds(display_, result.label(), scenario().plan.rounds);
    const RoundsWatch watch{.poll = [&] { interruption_.check(); },
                            .round_done =
                                [&](const TrainedRound& trained) {
                                  rounds.note(fmt::format("loss {:.3f}", trained.loss));
                                  rounds.advance();
                                }};
    try {
      return run_method(scenario(), setting, method == scenario().methods.end() ? nullptr : &*method, pictures, seed,
                        watch);
    } catch (const InputError& error) {
      throw InputError(fmt::format("{}: {}", result.label_of(seed), error.what()));
    }
  }

  const SimulateOptions& options_;
  std::filesystem::path directory_;
  ProgressDisplay& display_;
  Interruption& interruption_;
  RoundsReport report_;
};

}  // namespace

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

RoundsReport run_rounds(const SimulateOptions& options, ProgressDisplay& display, Interruption& interruption) {
  const std::filesystem::path directory = run_directory(options.output, name_of_scenario(options.scenario));
  const SimulateOptions all = options_of_run(options, directory);
  return RoundsRunner(all, directory, display, interruption).execute();
}

void simulate_rounds(const SimulateOptions& options, Interruption& interruption) {
  ProgressDisplay display(std::cerr, is_terminal(STDERR_FILENO));
  const RoundsReport report = run_rounds(options, display, interruption);
  const std::filesystem::path directory = run_directory(options.output, report.scenario.name);
  print_summary(report, std::cout);
  std::cout << fmt::format("\nreport: {0}/report.html   report.json, accuracies.csv, accuracy-1.svg\n",
                           directory.string());
  require_whole(report.completion(), options, directory, interruption);
}

}  // namespace outrider::simulations
