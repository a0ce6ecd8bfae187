#include "simulations/federation_run.h"

#include <bit>
#include <fstream>
#include <iostream>
#include <optional>

#include <fmt/format.h>
#include <unistd.h>

#include "knowledge/error.h"
#include "simulations/assignment.h"
#include "simulations/federation_fleet.h"
#include "simulations/federation_measurement.h"
#include "simulations/federation_world.h"
#include "simulations/mpi/launched_ranks.h"
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

double sum_over(Exchange& exchange, double mine) {
  double sum = 0;
  for (const Bytes& part : exchange.gather(key_of(std::bit_cast<std::uint64_t>(mine))))
    sum += std::bit_cast<double>(number_in_key(part));
  return sum;
}

// Embeddings may differ between kinds of processors; a world of both would be nobody's.
void require_same_data(Exchange& exchange, const EmbeddedData& data) {
  const std::span<const float> embeddings(data.train.embeddings);
  const Digest mine =
      Hasher()
          .field(data.space.view())
          .field(ByteView(reinterpret_cast<const std::uint8_t*>(embeddings.data()), embeddings.size_bytes()))
          .finish();
  const std::vector<Bytes> all = exchange.gather(to_bytes(mine.view()));
  together(exchange, [&] {
    for (std::size_t rank = 0; rank < all.size(); ++rank)
      if (all[rank] != all.front())
        throw InputError(
            fmt::format("rank {} has other embeddings than rank 0; all ranks need the same data set on the "
                        "same kind of processor",
                        rank));
  });
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

// The runs of all seeds; each rank has a part of every world.
class Seeds {
 public:
  Seeds(const SimulateOptions& options, Exchange& exchange, ProgressDisplay& display)
      : options_(options), exchange_(exchange), display_(display) {}

  FederationReport run() {
    together(exchange_, [&] { report_.federation = federation_of(options_); });
    const Federation& federation = report_.federation;
    // Ranks advance together by the shortest delay.
    if (exchange_.ranks() > 1 && federation.network.shortest_delay_ms == 0)
      throw InputError(fmt::format("network.shortest_delay_ms of {} is 0, but a world over {} ranks needs at least 1",
                                   options_.scenario.string(), exchange_.ranks()));
    Phase phase(display_, "seeds", federation.seeds.size());
    for (const std::uint64_t seed : federation.seeds) {
      // Pictures and their encoder are the first seed's; the world around them changes. Gaussians cost nothing.
      if (!data_ || federation.data.kind == kGaussians) embed(seed);
      try {
        report_.runs.push_back(run_seed(seed));
      } catch (const Violation& violation) {
        throw Violation(fmt::format("with seed {}, {}; to see it again: outrider simulate {} --seed {}", seed,
                                    violation.what(), options_.scenario.string(), seed));
      }
      phase.advance();
    }
    return std::move(report_);
  }

 private:
  void embed(std::uint64_t seed) {
    together(exchange_, [&] { data_ = embed_federation(report_.federation, seed, display_); });
    require_same_data(exchange_, *data_);
    if (!report_.runs.empty()) return;
    report_.data_source = data_->source;
    report_.data_sha256 = data_->sha256;
    report_.encoder = data_->space.hex();
    report_.dimension = data_->dimension;
    together(exchange_, [&] {
      if (exchange_.rank() == 0)
        prepare_run_directory(run_directory(options_.output, report_.federation.name), options_.scenario);
    });
  }

  FederationRun run_seed(std::uint64_t seed) {
    const Federation& federation = report_.federation;
    const Assignment assignment(federation, data_->train.pictures, seed);
    const PrototypeCurriculum curriculum(*data_, assignment, federation.plan.withdrawals, seed);
    const Watch watch = federation.plan.clients <= kFullyWatched ? Watch::full : Watch::light;
    const WorldOptions world = world_of(federation, *data_, seed, watch);
    FederationRun run;
    run.seed = seed;
    run.profile_of_client = world.kind_of_client;
    FederationMeasurement measurement(federation, *data_, assignment);
    std::optional<WorldProgress> progress(std::in_place, display_, "the world", world);
    const double resident = resident_bytes();
    double measuring = 0;
    const Stopwatch stopwatch;
    WorldHooks hooks;
    hooks.look = [&](const Shard& shard) { progress->look(shard); };
    hooks.step_over = [&](std::size_t step, const Shard& shard) {
      const Stopwatch of_measuring;
      measurement.step_over(step, shard, exchange_, run);
      measuring += of_measuring.seconds();
      if (!run.steps.empty()) run.steps.back().seconds = stopwatch.seconds() - measuring;
      if (step == federation.plan.rendezvous)
        run.bytes_per_resting_client =
            sum_over(exchange_, resident_bytes() - resident) / static_cast<double>(federation.plan.clients);
    };
    run.world = run_world(world, curriculum, exchange_, hooks);
    run.seconds = stopwatch.seconds() - measuring;
    progress.reset();
    if (options_.processes) run_processes(assignment, run);
    return run;
  }

  void run_processes(const Assignment& assignment, FederationRun& run) {
    const std::filesystem::path directory = run_directory(options_.output, report_.federation.name) / "processes";
    run.processes = run_as_processes(report_.federation, *data_, assignment, run.seed, directory, display_);
    if (run.processes->knowledge != run.world.knowledge)
      throw Violation("the real processes in " + directory.string() + " know something else than the virtual world");
  }

  const SimulateOptions& options_;
  Exchange& exchange_;
  ProgressDisplay& display_;
  FederationReport report_;
  std::optional<EmbeddedData> data_;
};

int fail(const Exchange& exchange, const std::string& sentence) {
  if (exchange.rank() == 0) std::cerr << "outrider: " << sentence << '\n';
  return 1;
}

}  // namespace

FederationReport run_federation(const SimulateOptions& options, Exchange& exchange, ProgressDisplay& display) {
  FederationReport report = Seeds(options, exchange, display).run();
  together(exchange, [&] {
    if (exchange.rank() == 0) save(report, run_directory(options.output, report.federation.name));
  });
  return report;
}

int simulate_federation(const SimulateOptions& options) {
  const std::unique_ptr<Exchange> exchange = launched_exchange();
  std::ostream nowhere(nullptr);
  const bool shown = exchange->rank() == 0;
  ProgressDisplay display(shown ? std::cerr : nowhere, shown && is_terminal(STDERR_FILENO));
  std::optional<FederationReport> report;
  try {
    report = run_federation(options, *exchange, display);
  } catch (const Violation& violation) {
    return fail(*exchange, std::string("a promise was broken: ") + violation.what());
  } catch (const InputError& error) {
    return fail(*exchange, error.what());
  }
  if (!shown) return 0;
  print_summary(*report, std::cout);
  std::cout << fmt::format("\nreport: {0}/report.html   report.json, steps.csv, clients.csv, accuracy.svg\n",
                           run_directory(options.output, report->federation.name).string());
  return 0;
}

}  // namespace outrider::simulations
