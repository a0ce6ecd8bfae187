#include "simulations/virtual_fleet/kind.h"

#include "simulations/scenario/scenario_template.h"
#include "simulations/virtual_fleet/federation_run.h"

namespace outrider::simulations {
namespace {

constexpr const char* kIntroductionOfFleet =
    "A virtual fleet, a federation: many clients that learn class prototypes, in one process under virtual time: what "
    "data they have "
    "and when it comes, what they and the network are like, and what goes wrong. The same seed gives the same "
    "events.";

std::string example_fleet(const std::string& name) {
  Federation example;
  example.name = name;
  example.title = kExampleTitle;
  example.data = example_data();
  example.seeds = {1, 2, 3};
  example.profiles.emplace_back();
  example.pretraining = example_pretraining();
  example.gaussians.classes = 10;
  example.plan.classes_at_once = 1;
  example.plan.test_pictures = 100;
  example.partition.kind = PartitionKind::dirichlet;
  Federation usual;
  usual.profiles.emplace_back();
  return scenario_template(kIntroductionOfFleet, settings_of(example), settings_of(usual), "gaussians");
}

}  // namespace

ExperimentKind virtual_fleet() {
  return {.name = "virtual-fleet",
          .earlier_name = "federation",
          .meaning = "many clients under virtual time",
          .table = "federation",
          .over_ranks = true,
          .open = open_as<FleetExperiment>,
          .example = example_fleet};
}

}  // namespace outrider::simulations
