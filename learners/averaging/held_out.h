// Pictures that clients do not train with, so that it can be told how good a round's model is.
#pragma once

#include <cstdint>

#include "learners/averaging/learning_task.h"
#include "learners/averaging/score.h"
#include "learners/data/dataset.h"

namespace outrider::averaging {

struct HeldOut {
  static constexpr std::size_t kLeastPictures = 10;  // a class of fewer holds none out

  Dataset training;
  Dataset held_out;  // of the same classes
};
// Which pictures are held out follows from their content alone: equal ones go together, and none changes sides when
// others come. About the share of each class, 0 to 0.5; a class of which nothing would be left holds none out.
HeldOut hold_out(const Dataset& pictures, double share);

// Of a network with these weights; the pictures' classes are some of the task's. Without pictures nothing is told.
Score score_of(const LearningTask& task, const nn::Parameters& weights, double width, std::uint64_t round,
               const Dataset& pictures, int threads);

}  // namespace outrider::averaging
