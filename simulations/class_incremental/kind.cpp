#include "simulations/class_incremental/kind.h"

#include "simulations/class_incremental/mission_run.h"
#include "simulations/scenario/scenario_template.h"

namespace outrider::simulations {
namespace {

constexpr const char* kIntroductionOfMission =
    "Class-incremental learning, a mission: clients meet new classes step by step and learn each from a few labelled "
    "pictures; after every step "
    "is a rendezvous. Real processes: an aggregator and the clients.";

std::string example_mission(const std::string& name) {
  Scenario example;
  example.name = name;
  example.title = kExampleTitle;
  example.data = example_data();
  example.pretraining = example_pretraining();
  example.mission.steps = 4;
  example.mission.shots = 20;
  example.fine_tuning.epochs = 10;
  Scenario usual;
  return scenario_template(kIntroductionOfMission, settings_of(example), settings_of(usual));
}

}  // namespace

ExperimentKind class_incremental() {
  return {.name = "class-incremental",
          .earlier_name = "mission",
          .meaning = "real processes meet new classes",
          .table = "mission",
          .open = open_as<MissionExperiment>,
          .example = example_mission};
}

}  // namespace outrider::simulations
