// What the clients of a federation learn: prototypes of the pictures that come to them.
#pragma once

#include "simulations/virtual_fleet/assignment.h"
#include "simulations/virtual_fleet/embedded_data.h"
#include "simulations/world/world_options.h"

namespace outrider::simulations {

// Learns as client::PrototypeLearner does, from embeddings that all clients share: the lessons' payloads are the same
// bits.
class PrototypeCurriculum : public Curriculum {
 public:
  // `data` and `assignment` must outlive it. `withdrawals`: the chance, in each step, that a client takes back for good
  // a class of which it got pictures before.
  PrototypeCurriculum(const EmbeddedData& data, const Assignment& assignment, double withdrawals, std::uint64_t seed)
      : data_(data), assignment_(assignment), withdrawals_(withdrawals), seed_(seed) {}

  Session learn(std::uint32_t client, std::size_t step, const Store& store) const override;

  // Labels that the client has taken back by the end of the step, in the order of doing so.
  std::vector<std::uint32_t> taken_back(std::uint32_t client, std::size_t step) const;

 private:
  Topic topic_of_class(std::uint32_t label) const;

  const EmbeddedData& data_;
  const Assignment& assignment_;
  double withdrawals_;
  std::uint64_t seed_;
};

}  // namespace outrider::simulations
