#include "simulations/class_incremental/mission_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "client/core/core.h"
#include "client/daemon/traffic_record.h"
#include "client/families/prototypical/predictor.h"
#include "knowledge/counted.h"
#include "knowledge/error.h"
#include "knowledge/whole_file.h"
#include "learners/prototypical/class_memory.h"
#include "learners/prototypical/merge.h"
#include "learners/prototypical/pretrained.h"
#include "simulations/class_incremental/fine_tuning.h"
#include "simulations/class_incremental/mission.h"
#include "simulations/class_incremental/mission_embedding.h"
#include "simulations/class_incremental/mission_record.h"
#include "simulations/experiment/stopwatch.h"
#include "simulations/fleet/fleet.h"
#include "simulations/pretraining/kept_encoder.h"
#include "simulations/pretraining/pretraining.h"

namespace outrider::simulations {
namespace {

namespace fs = std::filesystem;

// Keys of the journal.
constexpr const char* kMission = "mission";
constexpr const char* kFineTuning = "fine-tuning";

// The mission itself, with a fleet that knows nothing: half a mission is not gone on with, as what its clients have
// sent would tell.
class MissionWork {
 public:
  // Fills the report on the way.
  MissionWork(const fs::path& program, const Workplace& workplace, const Mission& mission, Report& report)
      : program_(program), workplace_(workplace), mission_(mission), report_(report) {}

  void run(const Encoder& encoder) {
    Embedder embedder(encoder, 0);
    auto [batch, test] = embed_classes(embedder);
    save_pretrained({encoder.encode(), so_far(batch, {})}, pretrained_file(workplace_.directory));
    for (const BaseClass& base : mission_.base_classes) test.include(base.name);
    Phase phase(workplace_.display, "mission", plan().steps);
    Fleet::clear(workplace_.directory);
    Fleet fleet({program_, workplace_.directory, pretrained_file(workplace_.directory), plan().clients,
                 plan().threads_per_client});
    fleet.rendezvous(test.classes(), std::chrono::seconds(plan().patience_seconds),
                     [&](const protocol::Status&) { workplace_.poll(); });
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

 private:
  const MissionPlan& plan() const { return report_.scenario.mission; }

  std::pair<ClassStates, SupersetTest> embed_classes(Embedder& embedder) {
    Phase phase(workplace_.display, "embedding", 2 * (mission_.base_classes.size() + mission_.new_classes.size()));
    const auto done = [&] {
      workplace_.poll();
      phase.advance();
    };
    ClassStates batch = batch_prototypes(mission_, embedder, done);
    return {std::move(batch), superset_test(mission_, embedder, done)};
  }

  void run_step(Fleet& fleet, std::size_t step, const ClassStates& batch, SupersetTest& test) {
    const Stopwatch stopwatch;
    for (const NewClass& added : mission_.new_classes) {
      if (added.step != step) continue;
      fleet.show_class(added.client, mission_.support_pool, added.support, added.name);
      test.include(added.name);
    }
    {
      Phase phase(workplace_.display, "rendezvous", test.classes());
      fleet.rendezvous(test.classes(), std::chrono::seconds(plan().patience_seconds),
                       [&](const protocol::Status& status) {
                         workplace_.poll();
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
      workplace_.poll();
      const auto store = open_store_read_only(fleet.client_state(client));
      result.before.push_back(test.accuracy(with_base(client::own_classes(*store))));
      result.after.push_back(test.accuracy(client::known_classes(*store)));
    }
    result.upper_bound = test.accuracy(batch);
    report_.steps.push_back(std::move(result));
  }

  // What a client knew without the others.
  ClassStates with_base(ClassStates own) const {
    ClassStates base = load_pretrained(pretrained_file(workplace_.directory)).classes;
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
      client::for_each_lesson(*store, std::string(kPrototypeKind), client::stored_definition_id(*store),
                              [&](const Topic&, ByteView memory) {
                                ++result.classes;
                                seconds += static_cast<double>(ClassMemory::decode(memory).spent.count()) * 1e-6;
                              });
      store->scan(Column::contributions, {}, [&](ByteView, ByteView contribution) {
        const StoredContribution stored = decode_stored_contribution(contribution);
        payload += static_cast<double>(stored.parts.empty() ? stored.contribution.payload.size()
                                                            : decode_large(stored.parts).bytes);
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

  fs::path program_;
  const Workplace& workplace_;
  const Mission& mission_;
  Report& report_;
};

}  // namespace

Scenario scenario_of(const SimulateOptions& options) {
  Scenario scenario = load_scenario(options.scenario);
  if (!options.seeds.empty())
    throw InputError(
        fmt::format("--seeds is for studies, federations and rounds, but {} is a mission: give it one --seed",
                    options.scenario.string()));
  if (options.seed) scenario.seed = *options.seed;
  if (options.episodes) scenario.pretraining.episodes = *options.episodes;
  if (!options.data.empty()) scenario.data.path = options.data;
  return scenario;
}

MissionExperiment::MissionExperiment(const SimulateOptions& options)
    : program_(options.program.empty() ? fs::read_symlink("/proc/self/exe") : options.program) {
  report_.scenario = scenario_of(options);
}

std::string MissionExperiment::check() {
  mission_ = plan_mission(scenario());
  check_pretraining(scenario().pretraining, mission_.base);
  return fmt::format("a mission of {}, {}, {}", counted(scenario().mission.clients, "client", "clients"),
                     counted(mission_.new_classes.size(), "new class", "new classes"),
                     counted(scenario().mission.steps, "step", "steps"));
}

int MissionExperiment::threads() const {
  return std::max(scenario().pretraining.threads, scenario().mission.threads_per_client);
}

std::string MissionExperiment::load(const Workplace& workplace) {
  const Phase phase(workplace.display, "loading the data");
  mission_ = plan_mission(scenario());
  report_.data_source = mission_.source;
  report_.data_sha256 = mission_.sha256;
  return mission_.sha256;
}

std::size_t MissionExperiment::items() const {
  return scenario().fine_tuning.epochs > 0 ? 2 : 1;
}

std::string MissionExperiment::key_of(std::size_t item) const {
  return item == 0 ? kMission : kFineTuning;
}

void MissionExperiment::prepare(const Workplace& workplace) {
  TrainedEncoder trained = encoder_of_run(*workplace.journal, workplace.directory, workplace.display, [&] {
    return pretrain(scenario().pretraining, mission_.base, scenario().seed, workplace.display, workplace.poll);
  });
  report_.pretraining_seconds = trained.seconds;
  report_.encoder = trained.encoder.id().hex();
  report_.dimension = trained.encoder.dimension();
  encoder_.emplace(std::move(trained.encoder));
}

nlohmann::json MissionExperiment::run(std::size_t item, const Workplace& workplace) {
  if (item == 0) {
    MissionWork(program_, workplace, mission_, report_).run(*encoder_);
    return mission_of(report_);
  }
  Phase phase(workplace.display, "sequential fine-tuning", scenario().mission.steps);
  return fine_tune_in_sequence(
      scenario(), mission_, *encoder_, scenario().pretraining.threads, [&] { phase.advance(); }, workplace.poll);
}

std::string MissionExperiment::take(std::size_t item, const nlohmann::json& record) {
  if (item == 0) {
    recall_mission(record, report_);
    return "";
  }
  const auto accuracies = record.get<std::vector<double>>();
  const std::size_t first = report_.steps.size() - accuracies.size();  // the base alone is no step
  for (std::size_t step = 0; step < accuracies.size(); ++step)
    report_.steps[first + step].fine_tuning = accuracies[step];
  return "";
}

void MissionExperiment::save(const fs::path& directory) const {
  simulations::save(report_, directory);
}

void MissionExperiment::summarize(std::ostream& stream) const {
  print_summary(report_, stream);
}

std::string MissionExperiment::files(const fs::path& directory) const {
  return fmt::format("{0}/report.html, report.json   curve: {0}/accuracy.svg, accuracy.csv", directory.string());
}

}  // namespace outrider::simulations
