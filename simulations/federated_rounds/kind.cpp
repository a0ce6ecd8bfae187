#include "simulations/federated_rounds/kind.h"

#include "simulations/federated_rounds/rounds_run.h"
#include "simulations/scenario/scenario_template.h"

namespace outrider::simulations {
namespace {

constexpr const char* kIntroductionOfRounds =
    "Federated rounds: clients train one network together, each on its own pictures; strategies are compared in "
    "several "
    "settings, and with all pictures at one place. One process; the aggregator's own code conducts the rounds.";

std::string example_rounds(const std::string& name) {
  RoundsScenario example;
  example.name = name;
  example.title = kExampleTitle;
  example.seeds = {1, 2, 3};
  example.plan.rounds = 30;
  RoundsSetting& setting = example.settings.emplace_back();
  setting.name = "Fashion-MNIST";
  setting.data = example_data();
  setting.preprocessing.mean = kFashionMean;
  setting.preprocessing.deviation = kFashionDeviation;
  setting.partition.kind = PartitionKind::dirichlet;
  setting.partition.alpha = 0.1;
  example.methods.emplace_back().name = "fedavg";
  example.merging.emplace().settings = {setting.name};
  RoundsScenario usual;
  usual.settings.emplace_back();
  usual.methods.emplace_back();
  usual.merging.emplace();
  return scenario_template(kIntroductionOfRounds, settings_of(example), settings_of(usual), "merging");
}

}  // namespace

ExperimentKind federated_rounds() {
  return {.name = "federated-rounds",
          .earlier_name = "rounds",
          .meaning = "clients train one network together",
          .table = "rounds",
          .open = open_as<RoundsExperiment>,
          .example = example_rounds};
}

}  // namespace outrider::simulations
