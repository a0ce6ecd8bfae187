#include "simulations/world/prototype_lessons.h"

#include "client/core/replica.h"
#include "learners/prototypical/class_memory.h"
#include "learners/prototypical/merge.h"

namespace outrider::simulations {
namespace {

void add_without_teacher(const Topic& topic, const Bytes& payload, Hasher& hasher) {
  hasher.field(topic.kind).field(topic.space.view()).field(topic.subject);
  if (topic.kind != kPrototypeKind || payload.empty()) {
    hasher.field(payload);
    return;
  }
  ClassState state = decode_class_state(payload, kMergedLimits);
  state.sole_teacher = 0;
  hasher.field(encode(state));
}

}  // namespace

Digest knowledge_without_teachers(const protocol::Knowledge& knowledge) {
  Hasher hasher;
  for (const protocol::KnowledgeEntry& entry : knowledge.entries)
    if (!entry.payload.empty()) add_without_teacher(entry.topic, entry.payload, hasher);
  return hasher.finish();
}

Digest knowledge_without_teachers(const Store& disk) {
  Hasher hasher;
  disk.scan(Column::replica, {}, [&](ByteView key, ByteView) {
    const Topic topic = client::topic_of(key);
    add_without_teacher(topic, client::known(disk, topic).value(), hasher);
  });
  return hasher.finish();
}

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
