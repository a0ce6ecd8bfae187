#include "simulations/virtual_fleet/federation_run.h"

#include <fstream>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "knowledge/counted.h"
#include "knowledge/error.h"
#include "simulations/experiment/stopwatch.h"
#include "simulations/mpi/launched_ranks.h"
#include "simulations/pretraining/kept_encoder.h"
#include "simulations/pretraining/pretraining.h"
#include "simulations/report/figure.h"
#include "simulations/virtual_fleet/assignment.h"
#include "simulations/virtual_fleet/federation_fleet.h"
#include "simulations/virtual_fleet/federation_measurement.h"
#include "simulations/virtual_fleet/federation_ranks.h"
#include "simulations/virtual_fleet/federation_record.h"
#include "simulations/virtual_fleet/federation_world.h"
#include "simulations/virtual_fleet/liar.h"
#include "simulations/virtual_fleet/prototype_curriculum.h"

namespace outrider::simulations {
namespace {

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double size = 0;
  double resident = 0;
  statm >> size >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

// Looks up from the world now and then: how far it has come.
class WorldProgress {
 public:
  WorldProgress(ProgressDisplay& display, const std::string& name, const WorldOptions& world)
      : phase_(display, name, static_cast<std::uint64_t>(world.end().count() / kMinute)) {}

  void look(const Shard& shard) {
    const auto minutes = static_cast<std::uint64_t>(shard.now().count() / kMinute);
    if (minutes > phase_.done()) phase_.advance(minutes - phase_.done());
    phase_.note(fmt::format("virtual minutes, {} events", with_separators(shard.events())));
  }

 private:
  static constexpr Instant::rep kMinute = 60'000;
  Phase phase_;
};

}  // namespace

Federation federation_of(const SimulateOptions& options) {
  Federation federation = load_federation(options.scenario);
  const bool gaussian = federation.data.kind == kGaussians;
  if (gaussian && (options.episodes || !options.data.empty()))
    throw InputError(fmt::format("--data and --episodes are about pictures, but {} has gaussians instead",
                                 options.scenario.string()));
  if (auto seeds = wanted_seeds(options); !seeds.empty()) federation.seeds = std::move(seeds);
  if (options.episodes) federation.pretraining.episodes = *options.episodes;
  if (!options.data.empty()) federation.data.path = options.data;
  if (options.processes || options.namespaces) {
    require_processes(federation);
    if (launched_ranks() > 1) throw InputError("--processes and mpirun exclude each other");
  }
  return federation;
}

FleetExperiment::FleetExperiment(const SimulateOptions& options) : options_(options) {
  report_.federation = federation_of(options);
}

std::string FleetExperiment::check() {
  const std::uint64_t seed = federation().seeds.front();
  const FederationPictures pictures = select_pictures(federation(), seed);
  if (has_pictures()) check_pretraining(federation().pretraining, pictures.base);
  const Assignment assignment(federation(), pictures.train, seed);
  return fmt::format("a federation of {}, {}, {}", counted(assignment.clients(), "client", "clients"),
                     counted(assignment.steps(), "rendezvous", "rendezvous"),
                     counted(federation().seeds.size(), "seed", "seeds"));
}

int FleetExperiment::threads() const {
  return has_pictures() ? federation().pretraining.threads : 1;
}

std::string FleetExperiment::load(const Workplace& workplace) {
  // Ranks advance together by the shortest delay.
  const std::uint32_t ranks = workplace.exchange.ranks();
  if (ranks > 1 && federation().network.shortest_delay_ms == 0)
    throw InputError(fmt::format("network.shortest_delay_ms of {} is 0, but a world over {} ranks needs at least 1",
                                 options_.scenario.string(), ranks));
  if (has_pictures()) {
    const Phase phase(workplace.display, "loading the data");
    pictures_ = select_pictures(federation(), federation().seeds.front());
    report_.data_source = pictures_.source;
    report_.data_sha256 = pictures_.sha256;
  } else {
    draw(federation().seeds.front(), workplace);
    report_.data_source = data_.source;
    report_.data_sha256 = data_.sha256;
  }
  return report_.data_sha256;
}

std::string FleetExperiment::key_of(std::size_t item) const {
  return fmt::format("seed {}", federation().seeds[item]);
}

// Gaussians cost nothing, so that each seed has its own.
void FleetExperiment::draw(std::uint64_t seed, const Workplace& workplace) {
  data_ = embed_federation(federation(), seed, workplace.display);
  drawn_ = seed;
}

// Of the first seed: only the world around pictures and their encoder changes.
void FleetExperiment::embed(const Workplace& workplace) {
  const auto train = [&] {
    return pretrain(federation().pretraining, pictures_.base, federation().seeds.front(), workplace.display,
                    workplace.poll);
  };
  together(workplace.exchange, [&] {
    const Encoder encoder =
        workplace.journal != nullptr
            ? encoder_of_run(*workplace.journal, workplace.directory, workplace.display, train).encoder
            : train();
    data_ = embed_federation(std::move(pictures_), encoder, workplace.display, workplace.poll);
  });
}

void FleetExperiment::prepare(const Workplace& workplace) {
  if (has_pictures()) embed(workplace);
  require_same_data(workplace.exchange, data_);
  report_.encoder = data_.space.hex();
  report_.dimension = data_.dimension;
}

nlohmann::json FleetExperiment::run(std::size_t item, const Workplace& workplace) {
  const std::uint64_t seed = federation().seeds[item];
  try {
    const FederationRun run = run_seed(seed, workplace);
    return workplace.exchange.rank() == 0 ? record_of(run) : nlohmann::json();
  } catch (const Violation& violation) {
    throw BrokenPromise(fmt::format("with seed {}, {}; to see it again: outrider simulate {} --seed {}", seed,
                                    violation.what(), options_.scenario.string(), seed));
  }
}

FederationRun FleetExperiment::run_seed(std::uint64_t seed, const Workplace& workplace) {
  Exchange& exchange = workplace.exchange;
  if (!has_pictures() && drawn_ != seed) {
    together(exchange, [&] { draw(seed, workplace); });
    require_same_data(exchange, data_);
  }
  const Federation& federation = report_.federation;
  const Assignment assignment(federation, data_.train.pictures, seed);
  const PrototypeCurriculum honest(data_, assignment, federation.plan.withdrawals, seed);
  const LyingCurriculum curriculum(honest, data_, liars_of(federation, seed));
  const WorldOptions world = world_of(federation, data_, seed, watch_of(federation));
  FederationRun run;
  run.seed = seed;
  run.profile_of_client = world.kind_of_client;
  FederationMeasurement measurement(federation, data_, assignment);
  std::optional<WorldProgress> progress(std::in_place, workplace.display, "the world", world);
  const double resident = resident_bytes();
  double measuring = 0;
  const Stopwatch stopwatch;
  WorldHooks hooks;
  hooks.look = [&](const Shard& shard) {
    workplace.poll();
    progress->look(shard);
  };
  hooks.step_over = [&](std::size_t step, const Shard& shard) {
    workplace.poll_together();
    const Stopwatch of_measuring;
    measurement.step_over(step, shard, exchange, run);
    measuring += of_measuring.seconds();
    if (!run.steps.empty()) run.steps.back().seconds = stopwatch.seconds() - measuring;
    if (step == federation.plan.rendezvous)
      run.bytes_per_resting_client =
          sum_over(exchange, resident_bytes() - resident) / static_cast<double>(federation.plan.clients);
  };
  run.world = run_world(world, curriculum, exchange, hooks);
  run.seconds = stopwatch.seconds() - measuring;
  progress.reset();
  if (options_.processes || options_.namespaces) run_processes(assignment, run, workplace);
  return run;
}

void FleetExperiment::run_processes(const Assignment& assignment, FederationRun& run, const Workplace& workplace) {
  const std::filesystem::path directory = workplace.directory / "processes";
  run.processes = run_as_processes(federation(), data_, assignment, run.seed, directory,
                                   options_.namespaces ? FleetNetwork::namespaces : FleetNetwork::loopback,
                                   workplace.display, workplace.poll);
  if (run.processes->knowledge != run.world.learned)
    throw Violation("the real processes in " + directory.string() + " know something else than the virtual world");
}

std::string FleetExperiment::take(std::size_t /*item*/, const nlohmann::json& record) {
  report_.runs.push_back(record.is_null() ? FederationRun{} : federation_run_from(record));
  return "";
}

void FleetExperiment::save(const std::filesystem::path& directory) const {
  simulations::save(report_, directory);
}

void FleetExperiment::summarize(std::ostream& stream) const {
  print_summary(report_, stream);
}

std::string FleetExperiment::files(const std::filesystem::path& directory) const {
  return fmt::format("{0}/report.html   report.json, steps.csv, clients.csv, accuracy.svg", directory.string());
}

}  // namespace outrider::simulations
