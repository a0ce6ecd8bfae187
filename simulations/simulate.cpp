#include "simulations/simulate.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "client/core.h"
#include "client/predictor.h"
#include "client/traffic_record.h"
#include "knowledge/error.h"
#include "learners/prototypical/class_memory.h"
#include "learners/prototypical/merge.h"
#include "learners/prototypical/pretrained.h"
#include "simulations/federation_run.h"
#include "simulations/fine_tuning.h"
#include "simulations/fleet.h"
#include "simulations/measurement.h"
#include "simulations/mission.h"
#include "simulations/mpi/launched_ranks.h"
#include "simulations/pretraining.h"
#include "simulations/run_directory.h"
#include "simulations/scenario_check.h"
#include "simulations/scenario_kind.h"
#include "simulations/stopwatch.h"
#include "simulations/study_run.h"

namespace outrider::simulations {
namespace {

namespace fs = std::filesystem;

class Run {
 public:
  Run(Scenario scenario, fs::path directory, fs::path program, ProgressDisplay& display)
      : directory_(std::move(directory)), program_(std::move(program)), display_(display) {
    report_.scenario = std::move(scenario);
  }

  Report execute() {
    load();
    const Encoder encoder = learn_encoder();
    Embedder embedder(encoder, 0);
    const ClassStates batch = batch_prototypes(mission_, embedder);
    SupersetTest test(mission_, embedder);
    for (const BaseClass& base : mission_.base_classes) test.include(base.name);
    run_mission(embedder, batch, test);
    fine_tune(encoder);
    save(report_, directory_);
    return std::move(report_);
  }

 private:
  const MissionPlan& plan() const { return report_.scenario.mission; }

  void load() {
    Phase phase(display_, "loading the data");
    mission_ = plan_mission(report_.scenario);
    report_.data_source = mission_.source;
    report_.data_sha256 = mission_.sha256;
  }

  Encoder learn_encoder() {
    const Stopwatch stopwatch;
    Pretraining training = report_.scenario.pretraining;
    Encoder encoder = pretrain(training, mission_.base, report_.scenario.seed, display_);
    report_.pretraining_seconds = stopwatch.seconds();
    report_.encoder = encoder.id().hex();
    report_.dimension = encoder.dimension();
    Embedder embedder(encoder, 0);
    save_pretrained({encoder.encode(), base_prototypes(mission_, embedder)}, pretrained_file());
    return encoder;
  }

  fs::path pretrained_file() const { return directory_ / "pretrained.outrider"; }

  void run_mission(Embedder& embedder, const ClassStates& batch, SupersetTest& test) {
    Phase phase(display_, "mission", plan().steps);
    Fleet fleet({program_, directory_, pretrained_file(), plan().clients, plan().threads_per_client});
    fleet.rendezvous(test.classes(), std::chrono::seconds(plan().patience_seconds));
    if (plan().keep_base) measure(fleet, so_far(batch, {}), test, 0);
    for (std::size_t step = 0; step < plan().steps; ++step) {
      run_step(fleet, step, batch, test);
      phase.note(fmt::format("{} classes, superset accuracy {:.2f} %", test.classes(),
                             100 * report_.steps.back().after.front()));
      phase.advance();
    }
    fleet.stop();
    describe_clients(fleet, test);
    compare_prototypes(fleet, batch, embedder.dimension());
  }

  void run_step(Fleet& fleet, std::size_t step, const ClassStates& batch, SupersetTest& test) {
    const Stopwatch stopwatch;
    for (const NewClass& added : mission_.new_classes) {
      if (added.step != step) continue;
      fleet.show_class(added.client, mission_.support_pool, added.support, added.name);
      test.include(added.name);
    }
    {
      Phase phase(display_, "rendezvous", test.classes());
      fleet.rendezvous(test.classes(), std::chrono::seconds(plan().patience_seconds),
                       [&](const protocol::Status& status) {
                         if (status.topics.size() > phase.done()) phase.advance(status.topics.size() - phase.done());
                       });
    }
    measure(fleet, so_far(batch, step), test, stopwatch.seconds());
  }

  void measure(const Fleet& fleet, const ClassStates& batch, const SupersetTest& test, double seconds) {
    StepResult result;
    result.seconds = seconds;
    result.classes = test.classes();
    for (std::size_t client = 0; client < plan().clients; ++client) {
      const auto store = open_store_read_only(fleet.client_state(client));
      result.before.push_back(test.accuracy(with_base(client::own_classes(*store))));
      result.after.push_back(test.accuracy(client::known_classes(*store)));
    }
    result.upper_bound = test.accuracy(batch);
    report_.steps.push_back(std::move(result));
  }

  // What a client knew without the others.
  ClassStates with_base(ClassStates own) const {
    ClassStates base = load_pretrained(pretrained_file()).classes;
    own.insert(own.end(), base.begin(), base.end());
    return own;
  }

  // The batch prototypes of the base classes and, in the order of arrival, of the new ones up to a step.
  ClassStates so_far(const ClassStates& batch, std::optional<std::size_t> step) const {
    const auto arrived =
        std::ranges::count_if(mission_.new_classes, [&](const NewClass& added) { return step && added.step <= *step; });
    return {batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(mission_.base_classes.size()) + arrived};
  }

  void describe_clients(const Fleet& fleet, const SupersetTest& test) {
    for (std::size_t client = 0; client < plan().clients; ++client) {
      const auto store = open_store_read_only(fleet.client_state(client));
      ClientResult result;
      result.name = fleet.client_name(client);
      result.before = report_.steps.back().before[client];
      result.after = report_.steps.back().after[client];
      double payload = 0;
      double seconds = 0;
      client::for_each_lesson(*store, std::string(kPrototypeKind), client::stored_encoder(*store),
                              [&](const Topic&, ByteView memory) {
                                ++result.classes;
                                seconds += static_cast<double>(ClassMemory::decode(memory).spent.count()) * 1e-6;
                              });
      store->scan(Column::contributions, {}, [&](ByteView, ByteView contribution) {
        payload += static_cast<double>(decode_contribution(contribution).payload.size());
      });
      const auto classes = static_cast<double>(std::max<std::size_t>(1, result.classes));
      result.payload_bytes_per_class = payload / classes;
      result.wire_bytes_per_class = static_cast<double>(client::load_traffic(*store).sent) / classes;
      result.seconds_per_class = seconds / classes;
      report_.clients.push_back(std::move(result));
      Confusion confusion = test.confusion(client::known_classes(*store));
      if (report_.confusion) confusion.counts += report_.confusion->counts;
      report_.confusion = std::move(confusion);
    }
  }

  void compare_prototypes(const Fleet& fleet, const ClassStates& batch, std::size_t dimension) {
    const auto store = open_store_read_only(fleet.client_state(0));
    const ClassStates merged = client::known_classes(*store);
    for (const auto& [name, expected] : batch) {
      const auto found = std::ranges::find(merged, name, &ClassStates::value_type::first);
      if (found == merged.end()) throw InputError("the merged knowledge lacks the class '" + name + "'");
      const std::vector<float> a = expected.prototype();
      const std::vector<float> b = found->second.prototype();
      for (std::size_t i = 0; i < dimension; ++i) {
        const double difference = std::abs(static_cast<double>(a[i]) - b[i]);
        const double scale = std::max(1e-6, std::abs(static_cast<double>(a[i])));
        report_.largest_difference = std::max(report_.largest_difference, difference / scale);
      }
    }
  }

  void fine_tune(const Encoder& encoder) {
    if (report_.scenario.fine_tuning.epochs == 0) return;
    Phase phase(display_, "sequential fine-tuning", plan().steps);
    const std::vector<double> accuracies = fine_tune_in_sequence(
        report_.scenario, mission_, encoder, report_.scenario.pretraining.threads, [&] { phase.advance(); });
    const std::size_t first = report_.steps.size() - accuracies.size();  // the base alone is no step
    for (std::size_t step = 0; step < accuracies.size(); ++step)
      report_.steps[first + step].fine_tuning = accuracies[step];
  }

  fs::path directory_;
  fs::path program_;
  ProgressDisplay& display_;
  Report report_;
  Mission mission_;
};

}  // namespace

Report run_scenario(const SimulateOptions& options, ProgressDisplay& display) {
  Scenario scenario = scenario_of(options);
  const fs::path directory = run_directory(options.output, scenario.name);
  prepare_run_directory(directory, options.scenario);
  const fs::path program = options.program.empty() ? fs::read_symlink("/proc/self/exe") : options.program;
  return Run(std::move(scenario), directory, program, display).execute();
}

int simulate(const SimulateOptions& options) {
  if (options.check) {
    std::cout << fmt::format("{}: {}: valid\n", options.scenario.string(), check_scenario(options));
    return 0;
  }
  const ScenarioKind kind = kind_of(options.scenario);
  if (kind != ScenarioKind::federation && launched_ranks() > 1)
    throw InputError(fmt::format("mpirun has launched {} ranks, but {} is no federation, which alone can be divided",
                                 launched_ranks(), options.scenario.string()));
  switch (kind) {
    case ScenarioKind::study:
      return simulate_study(options);
    case ScenarioKind::federation:
      return simulate_federation(options);
    case ScenarioKind::mission:
      break;
  }
  ProgressDisplay display(std::cerr, is_terminal(STDERR_FILENO));
  const Report report = run_scenario(options, display);
  print_summary(report, std::cout);
  std::cout << fmt::format("\nreport: {0}/report.html, report.json   curve: {0}/accuracy.svg, accuracy.csv\n",
                           run_directory(options.output, report.scenario.name).string());
  return 0;
}

}  // namespace outrider::simulations
