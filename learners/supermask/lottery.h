// Lottery tickets (Frankle and Carbin 2019): a sparse subnetwork that trains as well as the whole from its initial
// weights, found by pruning the smallest weights of a trained network, round after round.
#pragma once

#include "learners/supermask/training.h"

namespace outrider {

struct LotteryOptions {
  std::size_t rounds = 10;
  double prune = 0.2;            // share of the remaining weights of each layer that a round removes
  double prune_last = 0.1;       // likewise, of the last layer
  std::size_t rewind_steps = 0;  // weights go back to what they were after so many steps of the first round; 0: initial
  std::size_t epochs = 3;        // of training in each round
  std::size_t batch = 64;
  float rate = 0.0012F;  // Adam
  std::uint64_t seed = 0;
  int threads = 0;

  void check() const;
};

// After each round, for people: the share of weights left and what the network then learned.
struct LotteryRound {
  double remaining = 1;
  double accuracy = 0;  // on the pictures given to judge by
};

struct Ticket {
  TaskRecord record;                 // the last round's mask with the weights trained from the rewound ones
  std::vector<LotteryRound> rounds;  // the first is the whole network
};

// `judge` may be the training pictures. Throws as learn_task. The ticket's record goes where any task's goes: clients
// that train with its mask exchange its weights only, and their records merge to weighted means.
Ticket find_ticket(const BaseNetwork& base, const Dataset& task, const Dataset& judge, const LotteryOptions& options,
                   const EpochDone& done = {});

// Trains the weights of a known mask, from the base's values (or the record's, where it has some): what a client does
// with a ticket that it was handed.
TaskRecord train_ticket(const BaseNetwork& base, const TaskRecord& ticket, const Dataset& task,
                        const LotteryOptions& options, const EpochDone& done = {});

}  // namespace outrider
