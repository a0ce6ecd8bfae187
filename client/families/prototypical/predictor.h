// Answers from a client's state: which class a picture shows.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "learners/data/image.h"
#include "learners/encoders/embedder.h"
#include "learners/prototypical/classifier.h"
#include "learners/prototypical/novelty.h"
#include "storage/store.h"

namespace outrider::client {

// The classes that a state knows in the space of its encoder: merged ones from the replica and, until they are merged,
// what the client has learned itself. Sorted by name. Empty where there is no encoder yet. With caution for those that
// one other client alone has taught (caution.h).
std::vector<std::pair<std::string, ClassState>> known_classes(const Store& store);
// Only what the client has learned itself.
std::vector<std::pair<std::string, ClassState>> own_classes(const Store& store);

// Throws InputError when the state has no encoder yet.
Encoder load_encoder(const Store& store);

struct Answer {
  std::vector<std::pair<std::string, float>> distances{};  // to all classes, the nearest first
  std::optional<double> strangeness{};                     // see Novelty
};

// A snapshot of a state, which may go on changing. Used by one thread at a time.
class Predictor {
 public:
  // Throws InputError when the state knows no encoder or no class yet, with what to do about it.
  explicit Predictor(const Store& store, Head head = Head::euclidean, int threads = 1);

  // A picture of any size.
  Answer predict(const Image& picture);
  std::size_t classes() const { return classifier_.classes().size(); }

 private:
  Predictor(const Store& store, const std::vector<std::pair<std::string, ClassState>>& classes, Head head, int threads);

  Embedder embedder_;
  PrototypeClassifier classifier_;
  Novelty novelty_;
};

}  // namespace outrider::client
