#include "simulations/scenario_kind.h"

#include "simulations/federation.h"
#include "simulations/study.h"

namespace outrider::simulations {

ScenarioKind kind_of(const std::filesystem::path& file) {
  if (is_federation(file)) return ScenarioKind::federation;
  return is_study(file) ? ScenarioKind::study : ScenarioKind::mission;
}

}  // namespace outrider::simulations
