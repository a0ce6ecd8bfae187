#include "simulations/scenario_kind.h"

#include "simulations/federated_rounds/rounds_scenario.h"
#include "simulations/task_incremental/study.h"
#include "simulations/virtual_fleet/federation.h"

namespace outrider::simulations {

ScenarioKind kind_of(const std::filesystem::path& file) {
  if (is_federation(file)) return ScenarioKind::federation;
  if (is_rounds(file)) return ScenarioKind::rounds;
  return is_study(file) ? ScenarioKind::study : ScenarioKind::mission;
}

}  // namespace outrider::simulations
