// Judges an encoder as few-shot papers do: the accuracy on random episodes of classes that it was not trained on.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "learners/data/dataset.h"
#include "learners/encoders/embedder.h"
#include "learners/prototypical/episodes.h"

namespace outrider {

// The accuracy of each of `episodes` episodes; take their mean and confidence95() (learners/evaluation/summary.h).
// Pictures are embedded one by one with the running statistics, so no episode leans on its own batch. `labels` picks
// the classes, none means all. Throws InputError when the pictures are not of the embedder's shape or episodes cannot
// be drawn.
std::vector<double> few_shot_accuracies(Embedder& embedder, const Dataset& dataset, const EpisodeShape& shape,
                                        std::uint64_t episodes, std::uint64_t seed,
                                        std::span<const std::uint32_t> labels = {});

}  // namespace outrider
