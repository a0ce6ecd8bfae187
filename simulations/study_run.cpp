#include "simulations/study_run.h"

#include <algorithm>
#include <iostream>

#include <fmt/format.h>
#include <unistd.h>

#include "knowledge/error.h"
#include "learners/encoders/architectures.h"
#include "learners/supermask/base_network.h"
#include "simulations/dense_learner.h"
#include "simulations/federated_masks.h"
#include "simulations/run_directory.h"
#include "simulations/stopwatch.h"
#include "simulations/task_sequence.h"

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
                       const std::function<void()>& epoch_done) {
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
    learner.learn(pictures, task, epoch_done);
    run.seconds_per_task += stopwatch.seconds() / static_cast<double>(tasks.size());
    for (std::size_t judged = 0; judged <= task; ++judged)
      run.accuracies.record(task, judged, learner.accuracy(tasks.test(judged)));
  }
  run.merged_bytes_per_task = run.sent_bytes_per_task = static_cast<double>(float32_bytes(network));
  return run;
}

std::size_t epochs_of(const Study& study, StudyMethod method) {
  if (!uses_masks(method)) return study.tasks.count * study.baselines.epochs;
  const std::size_t weights = method == StudyMethod::supsup ? 0 : study.supermask.weight_epochs;
  return study.tasks.count * (study.supermask.mask_epochs + weights);
}

StudyRun run_method(const Study& study, const StudyResult& result, const TaskSequence& tasks, std::uint64_t seed,
                    ProgressDisplay& display) {
  Phase epochs(display, result.label(), epochs_of(study, result.method));
  const auto epoch_done = [&] { epochs.advance(); };
  return result.density ? learn_masks(study, result.method, *result.density, tasks, seed, epoch_done)
                        : learn_densely(study, result.method, tasks, seed, epoch_done);
}

}  // namespace

StudyReport run_study(const SimulateOptions& options, ProgressDisplay& display) {
  StudyReport report;
  report.study = study_of(options);
  const Study& study = report.study;
  DatasetPair data;
  {
    Phase phase(display, "loading the data");
    data = open_dataset(study.data.kind, study.data.path);
  }
  report.data_source = data.source;
  report.data_sha256 = data.sha256;
  report.results = empty_results(study);
  TaskSequence tasks(study, data, study.seeds.front());
  report.dense_bytes = float32_bytes(dense_network(study, tasks.outputs()));
  report.mask_weights = weights_only(dense_network(study, tasks.outputs())).parameter_count();
  // Nothing of an earlier run is lost to a scenario that cannot run.
  const std::filesystem::path directory = run_directory(options.output, study.name);
  prepare_run_directory(directory, options.scenario);
  Phase runs(display, "runs", study.seeds.size() * report.results.size());
  for (const std::uint64_t seed : study.seeds) {
    tasks = TaskSequence(study, data, seed);
    for (StudyResult& result : report.results) {
      result.runs.push_back(run_method(study, result, tasks, seed, display));
      runs.note(fmt::format("{} with seed {}: {:.2f} %", result.label(), seed,
                            100 * result.runs.back().accuracies.average_accuracy().value()));
      runs.advance();
    }
  }
  save(report, directory);
  return report;
}

int simulate_study(const SimulateOptions& options) {
  ProgressDisplay display(std::cerr, is_terminal(STDERR_FILENO));
  const StudyReport report = run_study(options, display);
  print_summary(report, std::cout);
  std::cout << fmt::format("\nreport: {0}/report.html, report.json   curve: {0}/accuracy.svg, accuracies.csv\n",
                           run_directory(options.output, report.study.name).string());
  return 0;
}

}  // namespace outrider::simulations
