// The lower bound: a network with a linear head that is fine-tuned on one step's classes after the other.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "learners/encoders/encoder.h"
#include "simulations/class_incremental/mission.h"
#include "simulations/class_incremental/mission_scenario.h"

namespace outrider::simulations {

// After each step, the accuracy on the test pictures of all classes so far (base classes included): index = step. Plain
// SGD on the step's support pictures alone, so earlier classes are forgotten (McCloskey and Cohen 1989). The head has
// an output for each class of the mission from the start; base classes are learned first, from as many pictures per
// class as a new class has. `advanced` is called after every step, `poll`
// several times a second; what either throws ends the training.
std::vector<double> fine_tune_in_sequence(const Scenario& scenario, const Mission& mission, const Encoder& encoder,
                                          int threads, const std::function<void()>& advanced = {},
                                          const std::function<void()>& poll = {});

}  // namespace outrider::simulations
