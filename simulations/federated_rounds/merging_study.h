// What merging by growth is worth: two clients that know different classes, and one that has a few pictures of all of
// them and the capacity for a network twice as wide.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "learners/data/dataset.h"
#include "learners/encoders/encoder.h"
#include "learners/growing/mixture_growth.h"
#include "learners/training/local_work.h"
#include "learners/training/training_cost.h"

namespace outrider::simulations {

struct MergingOptions {
  growing::MixtureForm small;                // of one part; outputs are scores of the data's classes
  training::LocalWork alone;                 // of each client
  training::LocalWork merged;                // of the capable client
  training::LocalWork apart{.rate = 0.01F};  // of each client that trains crossings from its own pictures alone
  std::size_t own = 0;                       // pictures of each of its classes that a client has; 0: all
  std::size_t shared = 100;                  // pictures of each class that the capable client has
  float factor = 0.1F;                       // on new crossings
  std::uint64_t seed = 1;
  int threads = 1;
};

struct MergingData {
  Preprocessing preprocessing;
  Dataset train;  // the first half of its classes is one client's, the second the other's, but for what is shared
  Dataset test;   // of the same classes
};

struct MergingRow {
  std::string way;
  double accuracy = 0;    // on the test pictures of all classes
  double flops = 0;       // of all training that led to it (training::training_cost)
  std::size_t bytes = 0;  // of what the capable client hands back, plain tensors in float32
};

// Each way of making one network of what the two clients learned, and what there is without: each client alone, their
// average as it is, matched and trained on, growth with every rule (crossings, head and norms trained, or all), or
// without crossings, growth with new weights off the diagonal, growth whose crossings each client trains from its own
// classes, their mean, and a network of the grown width from scratch that is trained as long as all of that together.
// Same arguments, same rows, on one kind of processor. `poll` is called after every step of training; what it throws
// ends the study. Throws InputError when something does not fit.
std::vector<MergingRow> compare_merging(const MergingOptions& options, const MergingData& data,
                                        const std::function<void()>& poll = {});

}  // namespace outrider::simulations
