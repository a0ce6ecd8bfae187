#include "simulations/scenario_kind.h"

#include "simulations/federation.h"
#include "simulations/rounds_scenario.h"
#include "simulations/study.h"

namespace outrider::simulations {

ScenarioKind kind_of(const std::filesystem::path& file) {
  if (is_federation(file)) return ScenarioKind::federation;
  if (is_rounds(file)) return ScenarioKind::rounds;
  return is_study(file) ? ScenarioKind::study : ScenarioKind::mission;
}

}  // namespace outrider::simulations
