#include <fmt/format.h>

#include "knowledge/error.h"
#include "simulations/simulate.h"

namespace outrider::simulations {

Scenario scenario_of(const SimulateOptions& options) {
  Scenario scenario = load_scenario(options.scenario);
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
  if (options.seed) study.seeds = {*options.seed};
  if (!options.data.empty()) study.data.path = options.data;
  return study;
}

Federation federation_of(const SimulateOptions& options) {
  Federation federation = load_federation(options.scenario);
  const bool gaussian = federation.data.kind == kGaussians;
  if (gaussian && (options.episodes || !options.data.empty()))
    throw InputError(fmt::format("--data and --episodes are about pictures, but {} has gaussians instead",
                                 options.scenario.string()));
  if (options.seed) federation.seeds = {*options.seed};
  if (options.episodes) federation.pretraining.episodes = *options.episodes;
  if (!options.data.empty()) federation.data.path = options.data;
  return federation;
}

}  // namespace outrider::simulations
