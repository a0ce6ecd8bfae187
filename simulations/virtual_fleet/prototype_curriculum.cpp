#include "simulations/virtual_fleet/prototype_curriculum.h"

#include <algorithm>
#include <map>

#include "learners/prototypical/merge.h"
#include "learners/random.h"
#include "simulations/world/prototype_lessons.h"

namespace outrider::simulations {

Curriculum::Session PrototypeCurriculum::learn(std::uint32_t client, std::size_t step, const Store& store) const {
  std::map<std::uint32_t, std::vector<NamedExample>> come;  // by label
  for (std::size_t s = 0; s <= step; ++s)
    for (const std::uint32_t picture : assignment_.pictures(client, s))
      come[data_.train.pictures.labels[picture]].push_back(
          {data_.train.examples[picture], data_.train.embedding(picture)});
  Session session;
  for (const std::uint32_t label : taken_back(client, step)) {
    come.erase(label);
    take_back_class(topic_of_class(label), store, session);
  }
  for (const auto& [label, examples] : come) learn_class(topic_of_class(label), examples, store, session);
  return session;
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
