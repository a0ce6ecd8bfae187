// Superset accuracy: how well a set of class states tells the test pictures of a set of classes apart.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "learners/data/dataset.h"
#include "learners/encoders/embedder.h"
#include "learners/prototypical/class_state.h"
#include "simulations/report/confusion.h"

namespace outrider::simulations {

using ClassStates = std::vector<std::pair<std::string, ClassState>>;

// Classes become part of the superset one by one.
class SupersetTest {
 public:
  // Of embeddings by class, each n x dimension.
  SupersetTest(std::map<std::string, std::vector<float>> embeddings, std::size_t dimension)
      : dimension_(dimension), embeddings_(std::move(embeddings)) {}

  // The pictures of this class count from now on.
  void include(const std::string& class_name);
  std::size_t classes() const { return included_.size(); }

  // The share of the included pictures whose class is predicted; a class that `known` lacks is never predicted.
  double accuracy(const ClassStates& known) const { return accuracy_on(included_, known); }
  // As above, of the pictures of these classes.
  double accuracy_on(const std::vector<std::string>& classes, const ClassStates& known) const;
  // What the included pictures are taken for, by knowledge of at least one class. Classes are the included ones in the
  // order in which they were, and then what else is known.
  Confusion confusion(const ClassStates& known) const;

 private:
  std::size_t dimension_;
  std::map<std::string, std::vector<float>> embeddings_;  // by class: n x d
  std::vector<std::string> included_;
};

// Pictures of a pool as the encoder reads them, embedded: n x d.
std::vector<float> embed(const Dataset& pool, const std::vector<std::size_t>& pictures, Embedder& embedder);

}  // namespace outrider::simulations
