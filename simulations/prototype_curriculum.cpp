#include "simulations/prototype_curriculum.h"

#include <algorithm>
#include <map>

#include "learners/prototypical/class_memory.h"
#include "learners/prototypical/merge.h"
#include "learners/random.h"

namespace outrider::simulations {

Curriculum::Session PrototypeCurriculum::learn(std::uint32_t client, std::size_t step, const Store& store) const {
  std::map<std::uint32_t, std::vector<std::uint32_t>> come;  // pictures by label
  for (std::size_t s = 0; s <= step; ++s)
    for (const std::uint32_t picture : assignment_.pictures(client, s))
      come[data_.train.pictures.labels[picture]].push_back(picture);
  Session session;
  for (const std::uint32_t label : taken_back(client, step)) {
    come.erase(label);
    const auto known = client::lesson_memory(store, topic_of_class(label));
    if (known && !known->empty()) session.lessons.push_back({topic_of_class(label), {}, {}});
  }
  for (const auto& [label, pictures] : come) learn_class(label, pictures, store, session);
  return session;
}

void PrototypeCurriculum::learn_class(std::uint32_t label, const std::vector<std::uint32_t>& pictures,
                                      const Store& store, Session& session) const {
  Topic topic = topic_of_class(label);
  const auto known = client::lesson_memory(store, topic);
  ClassMemory memory = known ? ClassMemory::decode(*known) : ClassMemory(data_.dimension);
  const std::size_t before = memory.count();
  for (const std::uint32_t picture : pictures) {
    const Digest& example = data_.train.examples[picture];
    if (!memory.knows(example)) memory.add(example, data_.train.embedding(picture));
  }
  if (memory.count() == before) return;
  session.pictures += memory.count() - before;
  ClassState state = memory.state();
  state.deviations.clear();  // as clients do unless they are told to send them
  session.lessons.push_back({std::move(topic), encode(state), memory.encode()});
}

std::vector<std::uint32_t> PrototypeCurriculum::taken_back(std::uint32_t client, std::size_t step) const {
  std::vector<std::uint32_t> labels;
  if (withdrawals_ <= 0) return labels;
  std::vector<std::uint32_t> seen;
  for (std::size_t s = 0; s <= step; ++s) {
    Random dice(seed_, "takes back", client, s);
    if (!seen.empty() && static_cast<double>(dice.uniform()) < withdrawals_) {
      const std::uint32_t label = seen[dice.below(static_cast<std::uint32_t>(seen.size()))];
      if (std::ranges::find(labels, label) == labels.end()) labels.push_back(label);
    }
    for (const std::uint32_t picture : assignment_.pictures(client, s)) {
      const std::uint32_t label = data_.train.pictures.labels[picture];
      if (std::ranges::find(seen, label) == seen.end()) seen.push_back(label);
    }
  }
  return labels;
}

Topic PrototypeCurriculum::topic_of_class(std::uint32_t label) const {
  return {std::string(kPrototypeKind), data_.space, data_.train.pictures.classes[label]};
}

}  // namespace outrider::simulations
