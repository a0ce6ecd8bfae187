// Pre-training: an encoder from base classes, and their prototypes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "learners/encoders/encoder.h"
#include "learners/prototypical/training.h"
#include "simulations/experiment/progress.h"
#include "simulations/pretraining/kept_training.h"
#include "simulations/scenario/data_source.h"

namespace outrider::simulations {

// The labels of these classes; of all, in order, when none are named. Throws InputError when the data set lacks one
// or one is named twice.
std::vector<std::uint32_t> labels_of(const Dataset& data, const std::vector<std::string>& names);

// Throws InputError for what pretrain() would refuse before the first episode: an unknown architecture, classes that
// are not there or too few pictures of them.
void check_pretraining(const Pretraining& options, const Dataset& base);

// Trains on `base` (of any size and colours; resized here) and shows how it goes. `poll` is called after every episode;
// what it throws ends the training. With `kept`, it goes on from what is there, and is kept on the way.
Encoder pretrain(const Pretraining& options, const Dataset& base, std::uint64_t seed, ProgressDisplay& display,
                 const std::function<void()>& poll = {}, KeptTraining* kept = nullptr);

}  // namespace outrider::simulations
