// Lottery tickets (Frankle and Carbin 2019): a sparse subnetwork that trains as well as the whole from its initial
// weights, found by pruning the smallest weights of a trained network, round after round.
#pragma once

#include "learners/supermask/training.h"

namespace outrider {

struct LotteryOptions {
  std::size_t rounds = 10;       // of pruning; the whole network is trained before them
  double prune = 0.2;            // share of the remaining weights of each layer that a round removes, rounded
  double prune_last = 0.1;       // likewise, of the last layer
  std::size_t rewind_steps = 0;  // weights go back to what they were after so many steps of the first round; 0: initial
  std::size_t epochs = 3;        // of training in each round
  std::size_t batch = 64;
  float rate = 0.0012F;  // of Adam, constant
  std::uint64_t seed = 0;
  int threads = 0;  // 0: one per processor; part of the result, see learners/nn/README.md

  // Throws InputError when a field is out of its range.
  void check() const;
};

// Of each round, for people: the share of weights left and what the network then learned.
struct LotteryRound {
  double remaining = 1;
  double accuracy = 0;  // on the pictures given to judge by
};

struct Ticket {
  TaskRecord record;                 // the last round's mask with the weights trained from the rewound ones
  std::vector<LotteryRound> rounds;  // the first is the whole network, then one for each round of pruning
};

// The smallest weights in magnitude go, of equal ones the last; every layer keeps at least one. `judge` may be the
// training pictures; its classes are the task's. Rewinding restores running statistics too. Throws as learn_task, and
// when the training of a round has fewer than `rewind_steps` steps. The record has no ranks, and place 1: it builds on
// no other task.
//
// The ticket's record goes where any task's goes: clients that train with its mask exchange its weights only, and their
// records merge to weighted means.
Ticket find_ticket(const BaseNetwork& base, const Dataset& task, const Dataset& judge, const LotteryOptions& options,
                   const EpochDone& done = {});

// Trains the weights of a known mask, from the base's values (or the record's, where it has some) and the record's
// running statistics: what a client does with a ticket that it was handed. Mask, ranks and place stay. Throws as
// learn_task, and when the ticket does not fit the base or its classes are not the task's.
TaskRecord train_ticket(const BaseNetwork& base, const TaskRecord& ticket, const Dataset& task,
                        const LotteryOptions& options, const EpochDone& done = {});

}  // namespace outrider
