// Predicts the class of an embedding: the one with the nearest prototype (Snell et al. 2017).
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "learners/prototypical/class_state.h"

namespace outrider {

// How near an embedding z is to a class with prototype c.
enum class Head {
  euclidean,    // |z - c|^2
  cosine,       // 1 - cos(z, c), in [0, 2]; 1 where z or c is zero
  mahalanobis,  // sum_j (z_j - c_j)^2 / v_j with the class's own variance v, see PrototypeClassifier
};

// Indices into PrototypeClassifier::classes(). With a single class the runner-up is that class, infinitely far.
struct Prediction {
  std::uint32_t nearest = 0;
  float distance = 0;
  std::uint32_t runner_up = 0;
  float runner_up_distance = std::numeric_limits<float>::infinity();

  bool operator==(const Prediction&) const = default;
};

// Immutable; several threads may predict at once. Copies what it needs of the states. A prediction depends on the
// embedding and the classes alone: not on the batch, its order, or the order in which the classes were given. Distances
// are times the class's caution.
//
// Mahalanobis: a class of n examples with deviations M2 has the variance v_j = (M2_j + 10 s_j) / (n + 10) + e, where
// s_j is the pooled variance within the classes, sum_k M2_kj / sum_k (n_k - 1), and e = 0.001 times the mean of s over
// j: ten imagined examples of average spread keep a class of one example usable, e a dimension without spread. Where no
// class has any spread v = 1, the Euclidean head.
class PrototypeClassifier {
 public:
  // At least one class; names are unique; dimensions agree. Throws InputError otherwise, and where the Mahalanobis head
  // is given a class without deviations.
  explicit PrototypeClassifier(std::vector<std::pair<std::string, ClassState>> classes, Head head = Head::euclidean);

  std::size_t dimension() const { return dimension_; }
  // Sorted by name; of two classes at one distance the first in this order is nearer.
  const std::vector<std::string>& classes() const { return names_; }

  // `embeddings` is n x dimension(), row after row; gives n predictions. A NaN is infinitely far from everything.
  std::vector<Prediction> predict(std::span<const float> embeddings) const;
  Prediction predict_one(std::span<const float> embedding) const { return predict(embedding).front(); }
  // The distances of one embedding to all classes, in the order of classes().
  std::vector<float> distances(std::span<const float> embedding) const;

 private:
  // Classes in a block are neighbours in memory: the inner loops run over them, so every class's sum over the
  // dimensions is taken in one order on every machine.
  static constexpr std::size_t kBlock = 32;

  // Puts the row of class `index` into its place.
  void lay_out(std::vector<float>& blocks, std::size_t index, std::span<const float> row) const;
  // Of one embedding to the classes of one block. `length` is the embedding's, for the cosine head.
  void block_distances(std::span<const float> embedding, float length, std::size_t block,
                       std::span<float, kBlock> result) const;
  float length(std::span<const float> embedding) const;

  Head head_;
  std::size_t dimension_ = 0;
  std::vector<std::string> names_;
  std::vector<float> prototypes_;  // block, dimension, class within the block; of length 1 under the cosine head
  std::vector<float> weights_;     // laid out alike: 1 / v; empty but for the Mahalanobis head
  std::vector<float> cautions_;    // by class
};

}  // namespace outrider
