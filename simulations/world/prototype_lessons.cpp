#include "simulations/world/prototype_lessons.h"

#include "learners/prototypical/class_memory.h"

namespace outrider::simulations {

void learn_class(const Topic& topic, std::span<const NamedExample> examples, const Store& store,
                 Curriculum::Session& session) {
  if (examples.empty()) return;
  const auto known = client::lesson_memory(store, topic);
  ClassMemory memory = known ? ClassMemory::decode(*known) : ClassMemory(examples.front().embedding.size());
  const std::size_t before = memory.count();
  for (const NamedExample& example : examples)
    if (!memory.knows(example.name)) memory.add(example.name, example.embedding);
  if (memory.count() == before) return;
  session.pictures += memory.count() - before;
  ClassState state = memory.state();
  state.deviations.clear();  // as clients do unless they are told to send them
  session.lessons.push_back({topic, encode(state), memory.encode()});
}

void take_back_class(const Topic& topic, const Store& store, Curriculum::Session& session) {
  const auto known = client::lesson_memory(store, topic);
  if (known && !known->empty()) session.lessons.push_back({topic, {}, {}});
}

}  // namespace outrider::simulations
