#include "simulations/scenario_check.h"

#include <algorithm>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/data/open.h"
#include "learners/encoders/architectures.h"
#include "learners/supermask/base_network.h"
#include "simulations/class_incremental/mission.h"
#include "simulations/class_incremental/mission_run.h"
#include "simulations/federated_rounds/rounds_run.h"
#include "simulations/pretraining/pretraining.h"
#include "simulations/scenario_kind.h"
#include "simulations/task_incremental/study_run.h"
#include "simulations/task_incremental/task_sequence.h"
#include "simulations/virtual_fleet/assignment.h"
#include "simulations/virtual_fleet/embedded_data.h"
#include "simulations/virtual_fleet/federation_run.h"

namespace outrider::simulations {
namespace {

std::string counted(std::size_t count, const std::string& one, const std::string& many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string check_mission(const SimulateOptions& options) {
  const Scenario scenario = scenario_of(options);
  const Mission mission = plan_mission(scenario);
  check_pretraining(scenario.pretraining, mission.base);
  return fmt::format("a mission of {}, {}, {}", counted(scenario.mission.clients, "client", "clients"),
                     counted(mission.new_classes.size(), "new class", "new classes"),
                     counted(scenario.mission.steps, "step", "steps"));
}

std::string check_study(const SimulateOptions& options) {
  const Study study = study_of(options);
  const TaskSequence tasks(study, open_dataset(study.data.kind, study.data.path), study.seeds.front());
  const auto outputs = static_cast<std::int64_t>(tasks.outputs());
  const ImageShape& input = study.preprocessing.input;
  if (!std::ranges::all_of(study.methods, uses_masks)) architecture(study.architecture, input, {.classes = outputs});
  if (std::ranges::any_of(study.methods, uses_masks)) base_architecture(study.architecture, input, outputs);
  return fmt::format("a study of {}, {}, {}", counted(tasks.size(), "task", "tasks"),
                     counted(study.methods.size(), "method", "methods"), counted(study.seeds.size(), "seed", "seeds"));
}

std::string check_federation(const SimulateOptions& options) {
  const Federation federation = federation_of(options);
  const std::uint64_t seed = federation.seeds.front();
  const FederationPictures pictures = select_pictures(federation, seed);
  if (federation.data.kind != kGaussians) check_pretraining(federation.pretraining, pictures.base);
  const Assignment assignment(federation, pictures.train, seed);
  return fmt::format("a federation of {}, {}, {}", counted(assignment.clients(), "client", "clients"),
                     counted(assignment.steps(), "rendezvous", "rendezvous"),
                     counted(federation.seeds.size(), "seed", "seeds"));
}

std::string check_rounds(const SimulateOptions& options) {
  const RoundsScenario scenario = rounds_of(options);
  for (const RoundsSetting& setting : scenario.settings) look_at(scenario, setting);
  return fmt::format("{} of training, {}, {}, {}", counted(scenario.plan.rounds, "round", "rounds"),
                     counted(scenario.settings.size(), "setting", "settings"),
                     counted(scenario.methods.size(), "method", "methods"),
                     counted(scenario.seeds.size(), "seed", "seeds"));
}

}  // namespace

std::string check_scenario(const SimulateOptions& options) {
  try {
    switch (kind_of(options.scenario)) {
      case ScenarioKind::mission:
        return check_mission(options);
      case ScenarioKind::study:
        return check_study(options);
      case ScenarioKind::federation:
        return check_federation(options);
      case ScenarioKind::rounds:
        return check_rounds(options);
    }
  } catch (const InputError& error) {
    // What the file itself is to blame for begins with it.
    const std::string file = options.scenario.string();
    const std::string sentence = error.what();
    throw InputError(sentence.find(file) == std::string::npos ? file + ": " + sentence : sentence);
  }
  return {};
}

}  // namespace outrider::simulations
