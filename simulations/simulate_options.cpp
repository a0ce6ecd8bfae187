#include <algorithm>
#include <charconv>
#include <filesystem>
#include <numeric>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "simulations/mpi/launched_ranks.h"
#include "simulations/simulate.h"
#include "simulations/virtual_fleet/federation_fleet.h"

namespace outrider::simulations {
namespace {

constexpr std::uint64_t kMostSeeds = 10'000'000;

// The seeds that the options ask for instead of the scenario's; empty: none.
std::vector<std::uint64_t> wanted_seeds(const SimulateOptions& options) {
  if (options.seed && !options.seeds.empty()) throw InputError("--seed and --seeds exclude each other");
  if (options.seed) return {*options.seed};
  if (options.seeds.empty()) return {};
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  const char* end = options.seeds.data() + options.seeds.size();
  const auto [middle, wrong] = std::from_chars(options.seeds.data(), end, first);
  const bool dots = wrong == std::errc{} && end - middle > 2 && middle[0] == '.' && middle[1] == '.';
  const auto [rest, mistake] = std::from_chars(dots ? middle + 2 : end, end, last);
  if (!dots || mistake != std::errc{} || rest != end || last < first || last - first >= kMostSeeds)
    throw InputError(fmt::format("--seeds must be FIRST..LAST, for example 1..1000, at most {} of them, not '{}'",
                                 kMostSeeds, options.seeds));
  std::vector<std::uint64_t> seeds(last - first + 1);
  std::iota(seeds.begin(), seeds.end(), first);
  return seeds;
}

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

}  // namespace outrider::simulations
