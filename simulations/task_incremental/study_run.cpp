#include "simulations/task_incremental/study_run.h"

#include <algorithm>
#include <iostream>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "knowledge/error.h"
#include "learners/encoders/architectures.h"
#include "learners/supermask/base_network.h"
#include "simulations/dense_learner.h"
#include "simulations/experiment/run_directory.h"
#include "simulations/experiment/run_journal.h"
#include "simulations/experiment/run_origin.h"
#include "simulations/experiment/seeded_runs.h"
#include "simulations/experiment/stopwatch.h"
#include "simulations/scenario/scenario_file.h"
#include "simulations/task_incremental/federated_masks.h"
#include "simulations/task_incremental/study_record.h"
#include "simulations/task_incremental/task_sequence.h"

namespace outrider::simulations {
namespace {

namespace fs = std::filesystem;

nn::NetworkSpec dense_network(const Study& study, std::size_t classes) {
  return architecture(study.architecture, study.preprocessing.input, {.classes = static_cast<std::int64_t>(classes)});
}

std::size_t float32_bytes(const nn::NetworkSpec& network) {
  std::size_t values = 0;
  for (const nn::TensorSpec& tensor : nn::network_tensors(network)) values += tensor.size();
  return values * sizeof(float);
}

// Every method at every density where it has one, in the order of the scenario.
std::vector<StudyResult> empty_results(const Study& study) {
  std::vector<StudyResult> results;
  for (const StudyMethod method : study.methods) {
    if (!uses_masks(method)) results.push_back({method, std::nullopt, {}});
    for (const double density : study.supermask.densities)
      if (uses_masks(method)) results.push_back({method, density, {}});
  }
  return results;
}

StudyRun learn_densely(const Study& study, StudyMethod method, const TaskSequence& tasks, std::uint64_t seed,
                       const TrainingWatch& watch) {
  DenseTraining training;
  training.epochs = study.baselines.epochs;
  training.batch = std::min(study.baselines.batch, tasks.least_pictures());
  training.rate = study.baselines.rate;
  if (method == StudyMethod::ewc) training.ewc_strength = study.baselines.ewc_strength;
  training.ewc_samples = study.baselines.ewc_samples;
  training.seed = seed;
  training.threads = study.threads;
  const nn::NetworkSpec network = dense_network(study, tasks.outputs());
  DenseLearner learner(network, study.preprocessing, training);
  StudyRun run{seed, AccuracyMatrix(tasks.size())};
  for (std::size_t task = 0; task < tasks.size(); ++task) {
    const Dataset pictures = tasks.train(task);
    const Stopwatch stopwatch;
    learner.learn(pictures, task, watch);
    run.seconds_per_task += stopwatch.seconds() / static_cast<double>(tasks.size());
    for (std::size_t judged = 0; judged <= task; ++judged)
      run.accuracies.record(task, judged, learner.accuracy(tasks.test(judged)));
    watch.look();
  }
  run.merged_bytes_per_task = run.sent_bytes_per_task = static_cast<double>(float32_bytes(network));
  return run;
}

std::size_t epochs_of(const Study& study, StudyMethod method) {
  if (!uses_masks(method)) return study.tasks.count * study.baselines.epochs;
  const std::size_t weights = method == StudyMethod::supsup ? 0 : study.supermask.weight_epochs;
  return study.tasks.count * (study.supermask.mask_epochs + weights);
}

class StudyRunner {
 public:
  StudyRunner(const SimulateOptions& options, const fs::path& directory, ProgressDisplay& display,
              Interruption& interruption)
      : options_(options), directory_(directory), display_(display), interruption_(interruption) {
    report_.study = study_of(options);
  }

  StudyReport execute() {
    load();
    interruption_.defer();
    // Nothing of an earlier run is lost to a scenario that cannot run.
    RunJournal journal = open_run(options_, directory_, report_.data_sha256);
    try {
      run_all(journal);
    } catch (const Interrupted&) {
      // What is finished is kept, and the report says what is missing.
    }
    return std::move(report_);
  }

 private:
  const Study& study() const { return report_.study; }

  void load() {
    Phase phase(display_, "loading the data");
    data_ = open_dataset(study().data.kind, study().data.path);
    report_.data_source = data_.source;
    report_.data_sha256 = data_.sha256;
    report_.results = empty_results(study());
    const TaskSequence tasks(study(), data_, study().seeds.front());
    report_.dense_bytes = float32_bytes(dense_network(study(), tasks.outputs()));
    report_.mask_weights = weights_only(dense_network(study(), tasks.outputs())).parameter_count();
  }

  void run_all(RunJournal& journal) {
    recall(journal);
    save(report_, directory_);
    const std::size_t missing = report_.completion().missing.size();
    if (report_.runs() > 0) display_.say(fmt::format("{} runs are there already", report_.runs()));
    Phase runs(display_, "runs", missing);
    for (const std::uint64_t seed : study().seeds) {
      std::optional<TaskSequence> tasks;
      for (StudyResult& result : report_.results) {
        if (has_seed(result.runs, seed)) continue;
        if (!tasks) tasks.emplace(study(), data_, seed);
        const StudyRun run = run_method(result, *tasks, seed);
        journal.put(result.label_of(seed), to_json(run));
        insert_in_order(result.runs, run, study().seeds);
        save(report_, directory_);
        runs.note(fmt::format("{}: {:.2f} %", result.label_of(seed), 100 * run.accuracies.average_accuracy().value()));
        runs.advance();
      }
    }
  }

  void recall(const RunJournal& journal) {
    for (StudyResult& result : report_.results)
      for (const std::uint64_t seed : study().seeds)
        if (const auto kept = journal.get(result.label_of(seed))) result.runs.push_back(study_run_from(*kept));
  }

  StudyRun run_method(const StudyResult& result, const TaskSequence& tasks, std::uint64_t seed) {
    Phase epochs(display_, result.label(), epochs_of(study(), result.method));
    const TrainingWatch watch{.poll = [&] { interruption_.check(); }, .epoch_done = [&] { epochs.advance(); }};
    return result.density ? learn_masks(study(), result.method, *result.density, tasks, seed, watch)
                          : learn_densely(study(), result.method, tasks, seed, watch);
  }

  const SimulateOptions& options_;
  fs::path directory_;
  ProgressDisplay& display_;
  Interruption& interruption_;
  DatasetPair data_;
  StudyReport report_;
};

}  // namespace

Study study_of(const SimulateOptions& options) {
  Study study = load_study(options.scenario);
  if (options.episodes)
    throw InputError(
        fmt::format("--episodes is about pre-training, but {} is a study of task sequences, which has none",
                    options.scenario.string()));
  if (options.processes || options.namespaces)
    throw InputError(fmt::format("--processes is for federations, but {} is a study, which runs in one process",
                                 options.scenario.string()));
  if (auto seeds = wanted_seeds(options); !seeds.empty()) study.seeds = std::move(seeds);
  if (!options.data.empty()) study.data.path = options.data;
  return study;
}

StudyReport run_study(const SimulateOptions& options, ProgressDisplay& display, Interruption& interruption) {
  const fs::path directory = run_directory(options.output, name_of_scenario(options.scenario));
  const SimulateOptions all = options_of_run(options, directory);
  return StudyRunner(all, directory, display, interruption).execute();
}

void simulate_study(const SimulateOptions& options, Interruption& interruption) {
  ProgressDisplay display(std::cerr, is_terminal(STDERR_FILENO));
  const StudyReport report = run_study(options, display, interruption);
  const fs::path directory = run_directory(options.output, report.study.name);
  print_summary(report, std::cout);
  std::cout << fmt::format("\nreport: {0}/report.html, report.json   curve: {0}/accuracy.svg, accuracies.csv\n",
                           directory.string());
  require_whole(report.completion(), options, directory, interruption);
}

}  // namespace outrider::simulations
