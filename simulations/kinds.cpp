#include "simulations/kinds.h"

#include "simulations/class_incremental/kind.h"
#include "simulations/federated_rounds/kind.h"
#include "simulations/task_incremental/kind.h"
#include "simulations/virtual_fleet/kind.h"

namespace outrider::simulations {

ExperimentKinds kinds() {
  return {
      class_incremental(),
      task_incremental(),
      virtual_fleet(),
      federated_rounds(),
  };
}

}  // namespace outrider::simulations
