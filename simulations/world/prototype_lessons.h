// Lessons on classes, as client::PrototypeLearner gives them: for curricula whose examples are embedded already.
#pragma once

#include <span>

#include "simulations/world/world_options.h"

namespace outrider::simulations {

struct NamedExample {
  Digest name;
  std::span<const float> embedding;  // borrowed
};

// A lesson on the class of `topic`, if any of the examples is new to the store's memory of it.
void learn_class(const Topic& topic, std::span<const NamedExample> examples, const Store& store,
                 Curriculum::Session& session);

// The digest of what is known, whoever has taught it: worlds with clients of other keys compare by it. Merged classes
// tell who has taught them alone.
Digest knowledge_without_teachers(const protocol::Knowledge& knowledge);
// Of a client's replica.
Digest knowledge_without_teachers(const Store& disk);

// A lesson that takes the class back, if the store remembers having taught it.
void take_back_class(const Topic& topic, const Store& store, Curriculum::Session& session);

}  // namespace outrider::simulations
