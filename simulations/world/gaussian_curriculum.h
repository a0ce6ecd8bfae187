// For the tests: clients that learn points of normal distributions, and take some classes back.
#pragma once

#include "learners/prototypical/merge.h"
#include "learners/random.h"
#include "simulations/world/prototype_lessons.h"

namespace outrider::simulations {

class GaussianCurriculum : public Curriculum {
 public:
  static constexpr std::size_t kDimension = 6;

  GaussianCurriculum(std::uint64_t seed, std::size_t classes, Digest space)
      : seed_(seed), classes_(classes), space_(space) {}

  Session learn(std::uint32_t client, std::size_t step, const Store& store) const override {
    Session session;
    for (std::size_t label = 0; label < classes_; ++label) {
      const Topic topic{std::string(kPrototypeKind), space_, "class " + std::to_string(label)};
      if (is_taken_back(client, label, step)) {
        take_back_class(topic, store, session);
      } else {
        learn_points(topic, client, label, step, store, session);
      }
    }
    return session;
  }

 private:
  bool is_taken_back(std::uint32_t client, std::size_t label, std::size_t step) const {
    return step > 0 && (client + label) % 5 == 0 && step >= 1 + label % 3;
  }
  // Those that have come by the end of the step.
  void learn_points(const Topic& topic, std::uint32_t client, std::size_t label, std::size_t step, const Store& store,
                    Session& session) const {
    std::vector<std::vector<float>> points;
    std::vector<Digest> names;
    for (std::size_t s = 0; s <= step; ++s) {
      Random dice(seed_, "example", client * 1000 + label, s);
      if (dice.below(3) != 0) continue;
      std::vector<float>& point = points.emplace_back(kDimension);
      for (float& x : point) x = static_cast<float>(label) + dice.normal();
      names.push_back(Digest::of(key_of(client * 1'000'000 + label * 1000 + s)));
    }
    std::vector<NamedExample> examples;
    for (std::size_t i = 0; i < points.size(); ++i) examples.push_back({names[i], points[i]});
    learn_class(topic, examples, store, session);
  }

  std::uint64_t seed_;
  std::size_t classes_;
  Digest space_;
};

}  // namespace outrider::simulations
