#include "simulations/virtual_fleet/federation_run.h"

#include <fstream>
#include <iostream>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "knowledge/error.h"
#include "simulations/experiment/run_directory.h"
#include "simulations/experiment/run_journal.h"
#include "simulations/experiment/run_origin.h"
#include "simulations/experiment/stopwatch.h"
#include "simulations/mpi/launched_ranks.h"
#include "simulations/pretraining/kept_encoder.h"
#include "simulations/pretraining/pretraining.h"
#include "simulations/report/figure.h"
#include "simulations/scenario/scenario_file.h"
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

// The runs of all seeds; each rank has a part of every world. Rank 0 alone keeps what is finished.
class Seeds {
 public:
  Seeds(const SimulateOptions& options, Exchange& exchange, ProgressDisplay& display, Interruption& interruption)
      : options_(options), exchange_(exchange), display_(display), interruption_(interruption) {}

  FederationReport run() {
    together(exchange_, [&] { load(); });
    // Ranks advance together by the shortest delay.
    if (exchange_.ranks() > 1 && federation().network.shortest_delay_ms == 0)
      throw InputError(fmt::format("network.shortest_delay_ms of {} is 0, but a world over {} ranks needs at least 1",
                                   options_.scenario.string(), exchange_.ranks()));
    interruption_.defer();
    // Nothing of an earlier run is lost to a scenario that cannot run.
    on_first_rank([&] { journal_.emplace(open_run(options_, directory_, report_.data_sha256)); });
    recall();
    save_report_so_far();
    try {
      run_missing();
    } catch (const Interrupted&) {
      // What is finished is kept, and the report says what is missing.
    } catch (const Violation&) {
      save_report_so_far();
      throw;
    }
    save_report_so_far();
    return std::move(report_);
  }

 private:
  const Federation& federation() const { return report_.federation; }
  bool has_pictures() const { return federation().data.kind != kGaussians; }
  static std::string journal_key(std::uint64_t seed) { return fmt::format("seed {}", seed); }

  void on_first_rank(const std::function<void()>& action) {
    together(exchange_, [&] {
      if (exchange_.rank() == 0) action();
    });
  }

  // What rank 0 says, on all ranks.
  std::size_t said_by_first(std::size_t mine) {
    return static_cast<std::size_t>(
        exchange_.earliest(exchange_.rank() == 0 ? Instant(static_cast<Instant::rep>(mine)) : kNever).count());
  }

  // Throws Interrupted on all ranks when any was asked to stop.
  void check_together() {
    const auto signal = -exchange_.earliest(Instant(-interruption_.signal())).count();
    if (signal > 0) interruption_.request(static_cast<int>(signal));
    interruption_.check();
  }

  // Between two such moments, where no other rank would wait for this one for ever.
  void check_alone() const {
    if (exchange_.ranks() == 1) interruption_.check();
  }

  void save_report_so_far() {
    on_first_rank([&] { save(report_, directory_); });
  }

  void load() {
    options_ = options_of_run(options_, run_directory(options_.output, name_of_scenario(options_.scenario)));
    report_.federation = federation_of(options_);
    directory_ = run_directory(options_.output, federation().name);
    if (has_pictures()) {
      Phase phase(display_, "loading the data");
      pictures_ = select_pictures(federation(), federation().seeds.front());
      report_.data_source = pictures_.source;
      report_.data_sha256 = pictures_.sha256;
    } else {
      draw(federation().seeds.front());
      report_.data_source = data_.source;
      report_.data_sha256 = data_.sha256;
    }
  }

  // Gaussians cost nothing, so that each seed has its own.
  void draw(std::uint64_t seed) {
    data_ = embed_federation(federation(), seed, display_);
    drawn_ = seed;
  }

  // Of the first seed: only the world around pictures and their encoder changes.
  void embed() {
    const auto poll = [this] { check_alone(); };
    const auto train = [&] {
      return pretrain(federation().pretraining, pictures_.base, federation().seeds.front(), display_, poll);
    };
    together(exchange_, [&] {
      const Encoder encoder = journal_ ? encoder_of_run(*journal_, directory_, display_, train).encoder : train();
      data_ = embed_federation(std::move(pictures_), encoder, display_, poll);
    });
  }

  // The first seeds, as many as there are one after the other.
  void recall() {
    on_first_rank([&] {
      for (const std::uint64_t seed : federation().seeds) {
        const auto kept = journal_->get(journal_key(seed));
        if (!kept) break;
        report_.runs.push_back(federation_run_from(*kept));
      }
    });
    report_.runs.resize(said_by_first(report_.runs.size()));
    if (!report_.runs.empty()) display_.say(fmt::format("{} seeds are there already", report_.runs.size()));
  }

  void run_missing() {
    if (has_pictures()) embed();
    require_same_data(exchange_, data_);
    report_.encoder = data_.space.hex();
    report_.dimension = data_.dimension;
    Phase phase(display_, "seeds", federation().seeds.size() - report_.runs.size());
    for (std::size_t i = report_.runs.size(); i < federation().seeds.size(); ++i) {
      check_together();
      report_.runs.push_back(kept_or_run(federation().seeds[i]));
      phase.advance();
    }
  }

  FederationRun kept_or_run(std::uint64_t seed) {
    const auto kept = journal_ ? journal_->get(journal_key(seed)) : std::nullopt;
    if (said_by_first(kept ? 1 : 0) == 1) return kept ? federation_run_from(*kept) : FederationRun{};
    FederationRun run = run_or_say_how(seed);
    on_first_rank([&] { journal_->put(journal_key(seed), record_of(run)); });
    return run;
  }

  FederationRun run_or_say_how(std::uint64_t seed) {
    try {
      return run_seed(seed);
    } catch (const Violation& violation) {
      throw Violation(fmt::format("with seed {}, {}; to see it again: outrider simulate {} --seed {}", seed,
                                  violation.what(), options_.scenario.string(), seed));
    }
  }

  FederationRun run_seed(std::uint64_t seed) {
    if (!has_pictures() && drawn_ != seed) {
      together(exchange_, [&] { draw(seed); });
      require_same_data(exchange_, data_);
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
    std::optional<WorldProgress> progress(std::in_place, display_, "the world", world);
    const double resident = resident_bytes();
    double measuring = 0;
    const Stopwatch stopwatch;
    WorldHooks hooks;
    hooks.look = [&](const Shard& shard) {
      check_alone();
      progress->look(shard);
    };
    hooks.step_over = [&](std::size_t step, const Shard& shard) {
      check_together();
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
    if (options_.processes || options_.namespaces) run_processes(assignment, run);
    return run;
  }

  void run_processes(const Assignment& assignment, FederationRun& run) {
    const std::filesystem::path directory = directory_ / "processes";
    run.processes = run_as_processes(federation(), data_, assignment, run.seed, directory,
                                     options_.namespaces ? FleetNetwork::namespaces : FleetNetwork::loopback, display_,
                                     [this] { check_alone(); });
    if (run.processes->knowledge != run.world.learned)
      throw Violation("the real processes in " + directory.string() + " know something else than the virtual world");
  }

  SimulateOptions options_;
  Exchange& exchange_;
  ProgressDisplay& display_;
  Interruption& interruption_;
  std::filesystem::path directory_;
  std::optional<RunJournal> journal_;  // of rank 0
  FederationPictures pictures_;        // until they are embedded
  EmbeddedData data_;
  std::uint64_t drawn_ = 0;  // the seed of `data_` where there are no pictures
  FederationReport report_;
};

int fail(const Exchange& exchange, const std::string& sentence) {
  if (exchange.rank() == 0) std::cerr << "outrider: " << sentence << '\n';
  return 1;
}

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

FederationReport run_federation(const SimulateOptions& options, Exchange& exchange, ProgressDisplay& display,
                                Interruption& interruption) {
  return Seeds(options, exchange, display, interruption).run();
}

int simulate_federation(const SimulateOptions& options, Interruption& interruption) {
  const std::unique_ptr<Exchange> exchange = launched_exchange();
  std::ostream nowhere(nullptr);
  const bool shown = exchange->rank() == 0;
  ProgressDisplay display(shown ? std::cerr : nowhere, shown && is_terminal(STDERR_FILENO));
  std::optional<FederationReport> report;
  try {
    report = run_federation(options, *exchange, display, interruption);
  } catch (const Violation& violation) {
    return fail(*exchange, std::string("a promise was broken: ") + violation.what());
  } catch (const InputError& error) {
    return fail(*exchange, error.what());
  }
  if (!shown) return 0;
  const std::filesystem::path directory = run_directory(options.output, report->federation.name);
  print_summary(*report, std::cout);
  std::cout << fmt::format("\nreport: {0}/report.html   report.json, steps.csv, clients.csv, accuracy.svg\n",
                           directory.string());
  require_whole(report->completion(), options, directory, interruption);
  return 0;
}

}  // namespace outrider::simulations
