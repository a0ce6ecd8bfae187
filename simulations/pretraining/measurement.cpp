#include "simulations/pretraining/measurement.h"

#include <algorithm>

#include "learners/data/resize.h"
#include "learners/data/split.h"
#include "learners/prototypical/classifier.h"

namespace outrider::simulations {
namespace {

ClassState state_of(const std::vector<float>& embeddings, std::size_t dimension) {
  ClassStateBuilder builder(dimension);
  builder.add(embeddings);
  return builder.state();
}

}  // namespace

std::vector<float> embed(const Dataset& pool, const std::vector<std::size_t>& pictures, Embedder& embedder) {
  return embedder.embed(resize(select(pool, pictures), embedder.input()));
}

SupersetTest::SupersetTest(const Mission& mission, Embedder& embedder, const ClassEmbedded& done)
    : dimension_(embedder.dimension()) {
  const auto add = [&](const auto& of_class) {
    embeddings_[of_class.name] = embed(mission.test_pool, of_class.tests, embedder);
    if (done) done();
  };
  std::ranges::for_each(mission.base_classes, add);
  std::ranges::for_each(mission.new_classes, add);
}

void SupersetTest::include(const std::string& class_name) {
  included_.push_back(class_name);
}

double SupersetTest::accuracy_on(const std::vector<std::string>& classes, const ClassStates& known) const {
  if (known.empty()) return 0;
  const PrototypeClassifier classifier(known);
  std::size_t pictures = 0;
  std::size_t correct = 0;
  for (const std::string& name : classes) {
    const std::vector<Prediction> predictions = classifier.predict(embeddings_.at(name));
    pictures += predictions.size();
    for (const Prediction& prediction : predictions)
      correct += classifier.classes()[prediction.nearest] == name ? 1 : 0;
  }
  return pictures == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(pictures);
}

Confusion SupersetTest::confusion(const ClassStates& known) const {
  const PrototypeClassifier classifier(known);
  std::vector<std::string> classes = included_;
  std::map<std::string, std::size_t> numbers;
  for (const std::string& name : included_) numbers.emplace(name, numbers.size());
  for (const std::string& name : classifier.classes())
    if (numbers.emplace(name, numbers.size()).second) classes.push_back(name);
  Confusion result{classes, ConfusionMatrix(classes.size())};
  for (const std::string& name : included_)
    for (const Prediction& prediction : classifier.predict(embeddings_.at(name)))
      result.counts.add(numbers.at(name), numbers.at(classifier.classes()[prediction.nearest]));
  return result;
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
