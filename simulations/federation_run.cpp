#include "simulations/federation_run.h"

#include <fstream>
#include <iostream>
#include <optional>

#include <fmt/format.h>
#include <unistd.h>

#include "simulations/assignment.h"
#include "simulations/federation_measurement.h"
#include "simulations/federation_world.h"
#include "simulations/prototype_curriculum.h"
#include "simulations/run_directory.h"
#include "simulations/stopwatch.h"

namespace outrider::simulations {
namespace {

// Worlds of so many clients are watched most closely; it costs work in their number after every event.
constexpr std::size_t kFullyWatched = 64;

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

FederationRun run_seed(const Federation& federation, const EmbeddedData& data, std::uint64_t seed,
                       ProgressDisplay& display) {
  const Assignment assignment(federation, data.train.pictures, seed);
  const PrototypeCurriculum curriculum(data, assignment, federation.plan.withdrawals, seed);
  const Watch watch = federation.plan.clients <= kFullyWatched ? Watch::full : Watch::light;
  const WorldOptions world = world_of(federation, data, seed, watch);
  FederationRun run;
  run.seed = seed;
  run.profile_of_client = world.kind_of_client;
  FederationMeasurement measurement(federation, data, assignment);
  WorldProgress progress(display, "the world", world);
  const double resident = resident_bytes();
  double measuring = 0;
  const Stopwatch stopwatch;
  WorldHooks hooks;
  hooks.look = [&](const Shard& shard) { progress.look(shard); };
  hooks.step_over = [&](std::size_t step, const Shard& shard) {
    const Stopwatch of_measuring;
    measurement.step_over(step, shard, run);
    measuring += of_measuring.seconds();
    run.steps.back().seconds = stopwatch.seconds() - measuring;
    if (step == federation.plan.rendezvous)
      run.bytes_per_resting_client = (resident_bytes() - resident) / static_cast<double>(federation.plan.clients);
  };
  NoExchange alone;
  run.world = run_world(world, curriculum, alone, hooks);
  run.seconds = stopwatch.seconds() - measuring;
  return run;
}

}  // namespace

FederationReport run_federation(const SimulateOptions& options, ProgressDisplay& display) {
  FederationReport report;
  report.federation = federation_of(options);
  const Federation& federation = report.federation;
  const std::filesystem::path directory = run_directory(options.output, federation.name);
  std::optional<EmbeddedData> data;
  {
    Phase seeds(display, "seeds", federation.seeds.size());
    for (const std::uint64_t seed : federation.seeds) {
      // Pictures and their encoder are the first seed's; the world around them changes. Gaussians cost nothing.
      if (!data || federation.data.kind == kGaussians) data = embed_federation(federation, seed, display);
      if (report.runs.empty()) {
        report.data_source = data->source;
        report.data_sha256 = data->sha256;
        report.encoder = data->space.hex();
        report.dimension = data->dimension;
        prepare_run_directory(directory, options.scenario);
      }
      try {
        report.runs.push_back(run_seed(federation, *data, seed, display));
      } catch (const Violation& violation) {
        throw Violation(fmt::format("with seed {}, {}; to see it again: outrider simulate {} --seed {}", seed,
                                    violation.what(), options.scenario.string(), seed));
      }
      seeds.advance();
    }
  }
  save(report, directory);
  return report;
}

int simulate_federation(const SimulateOptions& options) {
  ProgressDisplay display(std::cerr, is_terminal(STDERR_FILENO));
  const FederationReport report = run_federation(options, display);
  print_summary(report, std::cout);
  std::cout << fmt::format("\nreport: {0}/report.html   report.json, steps.csv, clients.csv, accuracy.svg\n",
                           run_directory(options.output, report.federation.name).string());
  return 0;
}

}  // namespace outrider::simulations
