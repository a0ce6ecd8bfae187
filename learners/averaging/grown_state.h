// Growth between two rounds of averaging: the server's state goes over into the grown network, and rounds go on.
//
//   const GrownTask grown = grown_task(task, state, steps);
//   state = apply_round(grown.task.network, grown.task.strategy, grown.state, updates);
//
// The round's number is kept. Updates of rounds before are of another network and are refused from then on. The task's
// digest, and so the space in which its updates are comparable, is another too.
#pragma once

#include <span>

#include "learners/averaging/learning_task.h"
#include "learners/averaging/local_training.h"
#include "learners/averaging/server.h"
#include "learners/surgery/growth_step.h"

namespace outrider::averaging {

struct GrownState {
  nn::NetworkSpec network;
  ServerState state;
};

// Weights as grow() has them. Momenta go over as the weights do and second moments are copied, so that the grown
// network moves on as the old one would have; of layers that are put in they start anew. Throws InputError when the
// state is not of network and strategy, the network cannot take a step, or there are control variates (SCAFFOLD): the
// clients' own would be of the old network.
GrownState grown_state(const nn::NetworkSpec& network, const Strategy& strategy, const ServerState& state,
                       std::span<const surgery::GrowthStep> steps);

struct GrownTask {
  LearningTask task;
  ServerState state;
};
GrownTask grown_task(const LearningTask& task, const ServerState& state, std::span<const surgery::GrowthStep> steps);

// The same for what stays with a client (FedBN: its normalisation layers). `given`: what it last got from the server,
// before the growth.
ClientState grown_client(const LearningTask& task, const ServerState& given, const ClientState& own,
                         std::span<const surgery::GrowthStep> steps);

}  // namespace outrider::averaging
