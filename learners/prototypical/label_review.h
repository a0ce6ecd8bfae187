// Which of a client's own labelled pictures look mislabelled, and which of its classes are weak, from nothing but these
// pictures: each is judged by the others (leave one out).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace outrider {

struct LabelReview {
  struct Suspicion {
    std::size_t picture = 0;
    std::uint32_t resembles = 0;  // the class
    double doubt = 0;             // how much farther its own class is than that one, as a share: larger is more certain
  };
  std::vector<Suspicion> suspicions;          // the most certain first; at most every fifth picture, rounded up
  std::size_t less_certain = 0;               // pictures that would follow
  std::vector<std::optional<double>> recall;  // of each class, among pictures that are not suspicious; nothing: none
};

// `embeddings` is n x dimension, row after row; `labels` are less than `classes`.
//
// A picture is suspicious where two looks agree: the nearest prototype is that of another class, prototypes being means
// of the other pictures that are not suspicious themselves, found in rounds until nothing changes; and fewer than half
// of its five nearest neighbours have its label (Wilson's edited nearest neighbours, 1972). Dimensions count by the
// inverse of their variance within classes, shrunk half towards the mean. Where more than a fifth of the pictures are
// suspicious, it is rather the encoder that cannot tell these classes apart: the most certain ones are named, and the
// others count as what they are labelled. Deterministic.
LabelReview review_labels(std::span<const float> embeddings, std::span<const std::uint32_t> labels,
                          std::size_t dimension, std::size_t classes);

}  // namespace outrider
