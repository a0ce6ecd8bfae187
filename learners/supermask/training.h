// Learning a task as a mask over a base network: edge-popup (Ramanujan et al. 2020; per task: SupSup, Wortsman et al.
// 2020), then training of the weights that no earlier task uses (ExSSNeT, Yadav and Bansal 2022).
#pragma once

#include <functional>
#include <vector>

#include "learners/data/dataset.h"
#include "learners/supermask/ownership.h"

namespace outrider {

struct MaskTraining {
  std::size_t batch = 64;        // pictures; all of them where there are fewer
  std::size_t mask_epochs = 10;  // Adam with cosine decay
  float mask_rate = 0.01F;
  std::size_t weight_epochs = 10;  // likewise; 0: the weights stay the base's (SupSup)
  float weight_rate = 0.001F;
  std::size_t least_steps = 0;  // of each phase: few pictures are gone through more often
  std::uint64_t seed = 0;
  int threads = 0;  // 0: one per processor; part of the result, see learners/nn/README.md
  // Called after every step of either phase; what it throws ends learning.
  std::function<void()> after_step{};

  // Throws InputError when a field is out of its range.
  void check() const;
};

// Scores of every weight tensor: where mask search starts.
using Scores = std::vector<std::vector<float>>;

// Kaiming uniform: within 1 / sqrt(fan in).
Scores random_scores(const BaseNetwork& base, std::uint64_t seed);
// Scores that select exactly the record's mask, ordered by its ranks where it has them: a start from a known task.
Scores scores_of_task(const BaseNetwork& base, const TaskRecord& record, std::uint64_t seed);

// Called after every epoch with the number of epochs done, those of both phases counted through, and all; returns
// whether to go on.
using EpochDone = std::function<bool(std::size_t done, std::size_t of)>;

// Learns the task of the pictures, whose labels index `task.classes`; at least two classes, at most the base's outputs.
// Weights that `known` owns are used as they are; only others are trained. The record's ranks are filled in. Throws
// InputError when the pictures do not fit the base network, learning diverged, or `done` said to stop.
TaskRecord learn_task(const BaseNetwork& base, const Ownership& known, const Dataset& task, const Scores& start,
                      const MaskTraining& options, const EpochDone& done = {});

// For a task that was learned before its learner knew all of `known`: weights of its mask that others own by now return
// to the owners' values, and those that remain its own are trained on, from where they are. The mask stays.
TaskRecord rebase(const BaseNetwork& base, const Ownership& known, const TaskRecord& record, const Dataset& task,
                  const MaskTraining& options, const EpochDone& done = {});

}  // namespace outrider
