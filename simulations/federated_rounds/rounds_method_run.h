// One method in one setting with one seed, from the first round to the last.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "simulations/federated_rounds/rounds_pictures.h"
#include "simulations/federated_rounds/rounds_result.h"
#include "simulations/federated_rounds/rounds_scenario.h"

namespace outrider::simulations {

// The task of a method; all pictures at one place are the method of that name. Throws InputError when it cannot be: the
// architecture does not take the pictures, or the strategy needs more clients than are asked.
averaging::LearningTask learning_task(const RoundsSetting& setting, const RoundsMethod& method,
                                      const std::vector<std::string>& classes, std::uint64_t seed);

struct RoundsWatch {
  std::function<void()> poll{};  // called several times a second; may throw
  std::function<void(const TrainedRound&)> round_done{};
};

// `method` nothing: all pictures at one place, by as many steps in a round as the clients of a cohort make together.
// The result does not depend on scenario.threads. Throws InputError when something does not fit, or training diverges.
RoundsRun run_method(const RoundsScenario& scenario, const RoundsSetting& setting, const RoundsMethod* method,
                     const RoundsPictures& pictures, std::uint64_t seed, const RoundsWatch& watch = {});

}  // namespace outrider::simulations
