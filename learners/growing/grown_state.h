// Growth between two rounds of averaging: the server's state goes over into the grown network, and rounds go on.
//
//   const GrownTask grown = grown_task(task, state, steps);
//   state = averaging::apply_round(grown.task.network, grown.task.strategy, grown.state, updates);
//
// The round's number is kept. Updates of rounds before are of another network and are refused from then on. The task's
// digest, and so the space in which its updates are comparable, is another too.
#pragma once

#include <span>

#include "learners/averaging/learning_task.h"
#include "learners/averaging/local_training.h"
#include "learners/averaging/server.h"
#include "learners/surgery/growth_step.h"

namespace outrider::growing {

struct GrownState {
  nn::NetworkSpec network;
  averaging::ServerState state;
};

// Weights as grow() has them. Momenta go over as the weights do and second moments are copied, so that the grown
// network moves on as the old one would have; of layers that are put in they start anew. Throws InputError when the
// state is not of network and strategy, the network cannot take a step, or there are control variates (SCAFFOLD): the
// clients' own would be of the old network.
GrownState grown_state(const nn::NetworkSpec& network, const averaging::Strategy& strategy,
                       const averaging::ServerState& state, std::span<const surgery::GrowthStep> steps);

struct GrownTask {
  averaging::LearningTask task;
  averaging::ServerState state;
};
GrownTask grown_task(const averaging::LearningTask& task, const averaging::ServerState& state,
                     std::span<const surgery::GrowthStep> steps);

// The same for what stays with a client (FedBN: its normalisation layers). `given`: what it last got from the server,
// before the growth.
averaging::ClientState grown_client(const averaging::LearningTask& task, const averaging::ServerState& given,
                                    const averaging::ClientState& own, std::span<const surgery::GrowthStep> steps);

}  // namespace outrider::growing
