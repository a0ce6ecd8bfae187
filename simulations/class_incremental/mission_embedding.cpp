#include "simulations/class_incremental/mission_embedding.h"

#include <algorithm>

namespace outrider::simulations {
namespace {

ClassState state_of(const std::vector<float>& embeddings, std::size_t dimension) {
  ClassStateBuilder builder(dimension);
  builder.add(embeddings);
  return builder.state();
}

}  // namespace

SupersetTest superset_test(const Mission& mission, Embedder& embedder, const ClassEmbedded& done) {
  std::map<std::string, std::vector<float>> embeddings;
  const auto add = [&](const auto& of_class) {
    embeddings[of_class.name] = embed(mission.test_pool, of_class.tests, embedder);
    if (done) done();
  };
  std::ranges::for_each(mission.base_classes, add);
  std::ranges::for_each(mission.new_classes, add);
  return {std::move(embeddings), embedder.dimension()};
}

ClassStates batch_prototypes(const Mission& mission, Embedder& embedder, const ClassEmbedded& done) {
  ClassStates states;
  for (const BaseClass& base : mission.base_classes) {
    states.emplace_back(base.name, state_of(embed(mission.base, base.examples, embedder), embedder.dimension()));
    if (done) done();
  }
  for (const NewClass& added : mission.new_classes) {
    states.emplace_back(added.name,
                        state_of(embed(mission.support_pool, added.support, embedder), embedder.dimension()));
    if (done) done();
  }
  return states;
}

}  // namespace outrider::simulations
