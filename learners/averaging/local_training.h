// The client's side of averaging: training the weights of a round on one's own pictures.
//
//   LocalResult result = train_locally(task, given, own, pictures, {.client = id});
//   send(encode_update(result.update, Encoding::kInt8));
//   own = std::move(result.own);
#pragma once

#include <cstdint>
#include <vector>

#include "knowledge/error.h"
#include "learners/averaging/learning_task.h"
#include "learners/averaging/server.h"
#include "learners/averaging/update.h"
#include "learners/data/dataset.h"
#include "learners/encoders/augmentation.h"
#include "learners/nn/optimizer.h"
#include "learners/training/loop.h"

namespace outrider::averaging {

// How one client trains, beyond what the task says.
struct LocalTraining {
  ClientId client{};  // also keys the order of its pictures, with the task's seed and the round
  double width = 1;   // the client's part of the task's network (narrow.h): what is given, learned and kept is of it
  std::vector<double> parts{};       // widths that clients train in this round
  nn::OptimizerOptions optimizer{};  // plain SGD; its state starts anew each round
  Augmentation augmentation{};
  int threads = 1;  // 0: one per processor; part of the result, see learners/nn/README.md
};

// What stays with a client from round to round; empty at first. Whoever has no update taken keeps the state from before
// it with SCAFFOLD, whose server sums the changes of control variates that it has heard of.
struct ClientState {
  nn::Parameters local;    // FedBN: the tensors of the normalisation layers
  nn::Parameters control;  // SCAFFOLD: c_i
  bool operator==(const ClientState&) const = default;
};

struct LocalResult {
  Update update;
  ClientState own;
  double loss = 0;  // mean over the steps
  std::uint64_t steps = 0;
  double operations = 0;  // of all that was trained, by training_operations(): LocalWork::nested trains twice
};

// Training came to numbers that are not finite.
class Diverged : public InputError {
 public:
  using InputError::InputError;
};

// Trains `given` (round, weights and, with SCAFFOLD, control variate) on the pictures, whose classes are some of the
// task's, by cross entropy. To the gradient
// of every shared tensor FedProx adds mu (w - given) and SCAFFOLD c - c_i; with FedBN, layers of normalisation start
// from and go on in `own`. The new control variate is c_i - c + (given - learned) / (steps * rate) (option II of the
// paper).
//
// With LocalWork::nested the client then does the same work again with a narrower part of what it has learned, one of
// the `parts` at random, so that the parts learn from all clients to stand by themselves (ordered dropout, Horvath et
// al. 2021, FjORD; here a part a round instead of a batch). Running statistics, and with FedBN all of the layers of
// normalisation, remain those of its own width.
//
// Same arguments, same bits, on one kind of processor. Throws InputError when something does not fit the task
// or `done` said to stop, and Diverged when learning did.
LocalResult train_locally(const LearningTask& task, const ServerState& given, const ClientState& own,
                          const Dataset& pictures, const LocalTraining& options, const training::StepDone& done = {});

// The weights that the client predicts with: those given but, with FedBN, its own normalisation.
nn::Parameters personal_weights(const ServerState& given, const ClientState& own);

}  // namespace outrider::averaging
