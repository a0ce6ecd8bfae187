// Training a mixture network on labelled pictures: SGD with momentum and weight decay as in the paper (Pham et al.
// 2024), the rate falling along half a cosine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "knowledge/contribution.h"
#include "learners/data/dataset.h"
#include "learners/encoders/encoder.h"
#include "learners/growing/mixture_plan.h"
#include "learners/nn/optimizer.h"
#include "learners/training/local_work.h"
#include "learners/training/loop.h"

namespace outrider::growing {

struct MixtureTraining {
  training::LocalWork work;
  LearningPieces pieces{};
  nn::OptimizerOptions optimizer{.momentum = 0.9F, .weight_decay = 5e-4F};
  std::uint64_t seed = 0;
  ClientId client{};  // keys the order of its pictures, with the seed
  // Only the classes of the pictures compete, and the scores of others are left alone (Li and Zhan 2021, FedRS with
  // alpha 0). Who has never seen a class would learn to deny it, and its network would outvote the one that knows it.
  bool restricted = true;
  int threads = 1;  // 0: one per processor; part of the result, see learners/nn/README.md
};

struct TrainedMixture {
  MixtureNetwork network;
  double loss = 0;  // mean over the steps
  std::uint64_t steps = 0;
};

// By cross entropy over `classes`, of which the pictures' are some. Same arguments, same bits, on one kind of
// processor. Throws InputError when something does not fit, learning diverged, or `done` said to stop.
TrainedMixture train_mixture(const MixtureNetwork& network, const Preprocessing& preprocessing,
                             const std::vector<std::string>& classes, const Dataset& pictures,
                             const MixtureTraining& training, const training::StepDone& done = {});

}  // namespace outrider::growing
