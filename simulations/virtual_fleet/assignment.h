// Which pictures come to which client in which step of a federation: a pure function of scenario, pictures and seed.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "learners/data/dataset.h"
#include "learners/data/split.h"
#include "simulations/virtual_fleet/federation.h"

namespace outrider::simulations {

// Classes come step by step in a random order, `classes_at_once` of them with each step until all are there (0: all
// with the first). Every client has a share of the pictures by `partition`, of which it keeps `pictures_per_client` at
// random; those of a class come one by one in a random order, evenly spread over the steps from the class's first on,
// each client's and class's from a random moment. Four bytes for each picture and for each step of a client.
class Assignment {
 public:
  // `pictures` needs no pixels. Throws InputError when there are too few pictures for the clients, nobody is known to
  // have made them (natural), or some classes would never come.
  Assignment(const Federation& federation, const Dataset& pictures, std::uint64_t seed);

  std::size_t clients() const { return (offsets_.size() - 1) / steps_; }
  std::size_t steps() const { return steps_; }
  // How many pictures come to clients in all.
  std::size_t size() const { return pictures_.size(); }

  // Indices of the pictures that come to the client in the step, in the order of their coming.
  std::span<const std::uint32_t> pictures(std::size_t client, std::size_t step) const;
  // Labels of the classes that have come by the end of the step, in the order of their coming; those without a picture
  // never do. Whether a client has got a picture of a class in its very first step is left to chance.
  std::span<const std::uint32_t> classes(std::size_t step) const;
  // Of these, the ones that come with this step.
  std::span<const std::uint32_t> new_classes(std::size_t step) const;

 private:
  std::size_t classes_until(std::size_t step) const;  // how many have come before it

  std::size_t steps_;
  std::size_t classes_at_once_;
  std::vector<std::uint32_t> order_;     // labels as they come
  std::vector<std::uint32_t> pictures_;  // client by client, step by step
  std::vector<std::uint32_t> offsets_;   // clients x steps + 1, into pictures_
};

}  // namespace outrider::simulations
