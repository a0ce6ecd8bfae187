// For the tests: clients that learn points of normal distributions, and take some classes back.
#pragma once

#include "learners/prototypical/class_memory.h"
#include "learners/prototypical/merge.h"
#include "learners/random.h"
#include "simulations/world/world_options.h"

namespace outrider::simulations {

class GaussianCurriculum : public Curriculum {
 public:
  static constexpr std::size_t kDimension = 6;

  GaussianCurriculum(std::uint64_t seed, std::size_t classes, Digest space)
      : seed_(seed), classes_(classes), space_(space) {}

  Session learn(std::uint32_t client, std::size_t step, const Store& store) const override {
    Session session;
    for (std::size_t label = 0; label < classes_; ++label) {
      Topic topic{std::string(kPrototypeKind), space_, "class " + std::to_string(label)};
      const auto known = client::lesson_memory(store, topic);
      if (known && known->empty()) continue;  // taken back for good
      if (is_taken_back(client, label, step)) {
        if (known) session.lessons.push_back({std::move(topic), {}, {}});
        continue;
      }
      ClassMemory memory = known ? ClassMemory::decode(*known) : ClassMemory(kDimension);
      const std::size_t before = memory.count();
      for (std::size_t s = 0; s <= step; ++s) add_example(client, label, s, memory);
      if (memory.count() == before) continue;
      session.pictures += memory.count() - before;
      session.lessons.push_back({std::move(topic), outrider::encode(memory.state()), memory.encode()});
    }
    return session;
  }

 private:
  bool is_taken_back(std::uint32_t client, std::size_t label, std::size_t step) const {
    return step > 0 && (client + label) % 5 == 0 && step >= 1 + label % 3;
  }
  void add_example(std::uint32_t client, std::size_t label, std::size_t step, ClassMemory& memory) const {
    Random dice(seed_, "example", client * 1000 + label, step);
    if (dice.below(3) != 0) return;
    std::vector<float> point(kDimension);
    for (float& x : point) x = static_cast<float>(label) + dice.normal();
    const Digest name = Digest::of(key_of(client * 1'000'000 + label * 1000 + step));
    if (!memory.knows(name)) memory.add(name, point);
  }

  std::uint64_t seed_;
  std::size_t classes_;
  Digest space_;
};

}  // namespace outrider::simulations
