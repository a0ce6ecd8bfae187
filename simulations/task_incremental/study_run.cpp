#include "simulations/task_incremental/study_run.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "knowledge/counted.h"
#include "knowledge/error.h"
#include "learners/baselines/dense_learner.h"
#include "learners/encoders/architectures.h"
#include "learners/supermask/base_network.h"
#include "simulations/experiment/seeded_runs.h"
#include "simulations/experiment/stopwatch.h"
#include "simulations/task_incremental/federated_masks.h"
#include "simulations/task_incremental/study_record.h"
#include "simulations/task_incremental/task_sequence.h"

namespace outrider::simulations {
namespace {

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
  baselines::DenseTraining training;
  training.epochs = study.baselines.epochs;
  training.batch = std::min(study.baselines.batch, tasks.least_pictures());
  training.rate = study.baselines.rate;
  if (method == StudyMethod::ewc) training.ewc_strength = study.baselines.ewc_strength;
  training.ewc_samples = study.baselines.ewc_samples;
  training.seed = seed;
  training.threads = study.threads;
  const nn::NetworkSpec network = dense_network(study, tasks.outputs());
  baselines::DenseLearner learner(network, study.preprocessing, training);
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

StudyExperiment::StudyExperiment(const SimulateOptions& options) {
  report_.study = study_of(options);
}

std::string StudyExperiment::check() {
  const TaskSequence tasks(study(), open_dataset(study().data.kind, study().data.path), study().seeds.front());
  const auto outputs = static_cast<std::int64_t>(tasks.outputs());
  const ImageShape& input = study().preprocessing.input;
  if (!std::ranges::all_of(study().methods, uses_masks))
    architecture(study().architecture, input, {.classes = outputs});
  if (std::ranges::any_of(study().methods, uses_masks)) base_architecture(study().architecture, input, outputs);
  return fmt::format("a study of {}, {}, {}", counted(tasks.size(), "task", "tasks"),
                     counted(study().methods.size(), "method", "methods"),
                     counted(study().seeds.size(), "seed", "seeds"));
}

std::string StudyExperiment::load(const Workplace& workplace) {
  const Phase phase(workplace.display, "loading the data");
  data_ = open_dataset(study().data.kind, study().data.path);
  report_.data_source = data_.source;
  report_.data_sha256 = data_.sha256;
  report_.results = empty_results(study());
  const TaskSequence tasks(study(), data_, study().seeds.front());
  report_.dense_bytes = float32_bytes(dense_network(study(), tasks.outputs()));
  report_.mask_weights = weights_only(dense_network(study(), tasks.outputs())).parameter_count();
  return data_.sha256;
}

std::size_t StudyExperiment::items() const {
  return study().seeds.size() * report_.results.size();
}

// All methods with the first seed, then with the next.
std::uint64_t StudyExperiment::seed_of(std::size_t item) const {
  return study().seeds[item / report_.results.size()];
}

std::string StudyExperiment::key_of(std::size_t item) const {
  return report_.results[item % report_.results.size()].label_of(seed_of(item));
}

nlohmann::json StudyExperiment::run(std::size_t item, const Workplace& workplace) {
  const StudyResult& result = report_.results[item % report_.results.size()];
  const std::uint64_t seed = seed_of(item);
  if (!tasks_ || seed_of_tasks_ != seed) tasks_.emplace(study(), data_, seed);
  seed_of_tasks_ = seed;
  Phase epochs(workplace.display, result.label(), epochs_of(study(), result.method));
  const TrainingWatch watch{.poll = workplace.poll, .epoch_done = [&] { epochs.advance(); }};
  return to_json(result.density ? learn_masks(study(), result.method, *result.density, *tasks_, seed, watch)
                                : learn_densely(study(), result.method, *tasks_, seed, watch));
}

std::string StudyExperiment::take(std::size_t item, const nlohmann::json& record) {
  StudyResult& result = report_.results[item % report_.results.size()];
  const StudyRun run = study_run_from(record);
  insert_in_order(result.runs, run, study().seeds);
  return fmt::format("{}: {:.2f} %", key_of(item), 100 * run.accuracies.average_accuracy().value());
}

void StudyExperiment::save(const std::filesystem::path& directory) const {
  simulations::save(report_, directory);
}

void StudyExperiment::summarize(std::ostream& stream) const {
  print_summary(report_, stream);
}

std::string StudyExperiment::files(const std::filesystem::path& directory) const {
  return fmt::format("{0}/report.html, report.json   curve: {0}/accuracy.svg, accuracies.csv", directory.string());
}

}  // namespace outrider::simulations
