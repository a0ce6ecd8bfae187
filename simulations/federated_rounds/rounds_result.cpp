#include "simulations/federated_rounds/rounds_result.h"

namespace outrider::simulations {

Summary RoundsResult::accuracy() const {
  return over_seeds([](const RoundsRun& run) { return run.points.back().accuracy; });
}

Summary RoundsResult::received() const {
  return over_seeds([](const RoundsRun& run) { return run.received_bytes; });
}

Summary RoundsResult::sent() const {
  return over_seeds([](const RoundsRun& run) { return run.sent_bytes; });
}

Summary RoundsResult::operations() const {
  return over_seeds([](const RoundsRun& run) { return run.points.back().operations; });
}

Summary RoundsResult::weights() const {
  return over_seeds([](const RoundsRun& run) { return static_cast<double>(run.weights); });
}

Summary RoundsResult::seconds() const {
  return over_seeds([](const RoundsRun& run) { return run.seconds; });
}

}  // namespace outrider::simulations
