#include "simulations/virtual_fleet/liar.h"

#include <algorithm>
#include <utility>

#include "learners/data/split.h"
#include "learners/prototypical/class_memory.h"
#include "learners/prototypical/merge.h"
#include "simulations/virtual_fleet/poisoned_classes.h"

namespace outrider::simulations {

LyingCurriculum::LyingCurriculum(const Curriculum& honest, const EmbeddedData& data, std::vector<bool> liars)
    : honest_(honest), data_(data), liars_(std::move(liars)) {
  const auto pictures = indices_by_class(data.train.pictures);
  for (std::size_t label = 0; label < pictures.size(); ++label)
    if (!pictures[label].empty()) classes_.emplace_back(data.train.pictures.classes[label], pictures[label]);
}

ClassState LyingCurriculum::state(std::size_t which, std::size_t first, std::size_t count) const {
  const std::vector<std::size_t>& pictures = classes_[which % classes_.size()].second;
  ClassStateBuilder builder(data_.dimension, false);
  for (std::size_t i = 0; i < count; ++i) builder.add(data_.train.embedding(pictures[(first + i) % pictures.size()]));
  return builder.state();
}

std::vector<LyingCurriculum::Lie> LyingCurriculum::lies(std::uint32_t client, std::size_t step) const {
  constexpr std::size_t kPictures = 20;
  constexpr std::uint64_t kMany = 10'000;
  const std::size_t which = client + step;
  const std::string& name = classes_[which % classes_.size()].first;
  std::vector<Lie> lies;
  switch (which % 5) {
    case 0:
      for (std::size_t i = 0; i < classes_.size(); ++i)
        lies.push_back({classes_[i].first, louder(state(i + 1, 0, kPictures), kMany)});
      break;
    case 1:
      for (std::size_t i = 0; i < kInvented; ++i)
        lies.push_back({"invented " + std::to_string(step) + " " + std::to_string(i), state(i, i + step, 1)});
      break;
    case 2:
      lies.push_back({name, scaled(state(which, 0, kPictures), -1)});
      break;
    case 3:
      lies.push_back({name, scaled(state(which, 0, 1), 1e6F)});
      break;
    default:
      lies.push_back({name, louder(state(which + 1, 0, kPictures), 1'000'000'000)});
  }
  return lies;
}

Curriculum::Session LyingCurriculum::learn(std::uint32_t client, std::size_t step, const Store& store) const {
  if (!liars_[client]) return honest_.learn(client, step, store);
  Session session;
  for (std::size_t s = 0; s <= step; ++s)
    for (const Lie& lie : lies(client, s)) {
      const Topic topic{std::string(kPrototypeKind), data_.space, lie.about};
      const auto before = std::ranges::find(session.lessons, topic, &client::Lesson::topic);
      const bool again = before != session.lessons.end();
      const auto known = again ? before->memory : client::lesson_memory(store, topic);
      ClassMemory memory = known && !known->empty() ? ClassMemory::decode(*known) : ClassMemory(data_.dimension);
      const Digest name = Hasher().field("lie").field(std::uint64_t{s}).field(lie.about).finish();
      if (memory.knows(name)) continue;
      memory.add(name, std::vector<float>(data_.dimension, 1));
      if (again) session.lessons.erase(before);  // what is said last counts
      session.lessons.push_back({topic, encode(lie.said), memory.encode()});
      ++session.pictures;
    }
  return session;
}

}  // namespace outrider::simulations
