#include "simulations/pretraining/measurement.h"

#include <algorithm>

#include "learners/data/resize.h"
#include "learners/data/split.h"
#include "learners/prototypical/classifier.h"

namespace outrider::simulations {

std::vector<float> embed(const Dataset& pool, const std::vector<std::size_t>& pictures, Embedder& embedder) {
  return embedder.embed(resize(select(pool, pictures), embedder.input()));
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

}  // namespace outrider::simulations
