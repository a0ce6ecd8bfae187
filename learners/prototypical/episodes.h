// Episodes: the small classification problems on which a prototypical network trains (Snell et al. 2017).
//
//   EpisodeSampler sampler(dataset, {.way = 20, .shots = 5, .queries = 5, .rotations = true}, seed);
//   Episode episode = sampler.sample(number);         // which pictures, how rotated
//   … embed episode.support and episode.queries …
//   EpisodeScore score = prototypical_loss(sampler.shape(), embeddings of both, gradients of both);
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "learners/data/dataset.h"

namespace outrider {

struct EpisodeShape {
  std::uint32_t way = 5;      // classes, at least 2
  std::uint32_t shots = 1;    // support pictures per class, at least 1
  std::uint32_t queries = 5;  // query pictures per class, at least 1
  bool rotations = false;     // a class turned by 90, 180 or 270 degrees is a further class; pictures are square

  bool operator==(const EpisodeShape&) const = default;
  std::size_t support_size() const { return std::size_t{way} * shots; }
  std::size_t query_size() const { return std::size_t{way} * queries; }
  std::size_t size() const { return support_size() + query_size(); }
};

struct EpisodePicture {
  std::uint32_t index = 0;          // into the dataset
  std::uint32_t quarter_turns = 0;  // counter-clockwise, 0 to 3

  bool operator==(const EpisodePicture&) const = default;
};

// Both lists go class by class: the pictures of class k of the episode are support[k * shots …], queries[k * queries
// …]. No picture is in both.
struct Episode {
  std::vector<EpisodePicture> support;
  std::vector<EpisodePicture> queries;

  bool operator==(const Episode&) const = default;
};

// Immutable; keeps no reference to the dataset. Classes with fewer than shots + queries pictures are left out.
class EpisodeSampler {
 public:
  // Draws from the classes with these labels, or from all where `labels` is empty. Throws InputError when the shape is
  // out of its ranges, a label names no class, fewer than `way` classes are large enough, or rotations are asked of
  // pictures that are not square.
  EpisodeSampler(const Dataset& dataset, const EpisodeShape& shape, std::uint64_t seed,
                 std::span<const std::uint32_t> labels = {});

  const EpisodeShape& shape() const { return shape_; }
  // How many classes there are to draw from, rotated ones included.
  std::size_t candidates() const { return members_.size() * (shape_.rotations ? 4 : 1); }
  // Depends on (dataset, shape, labels, seed, number) alone.
  Episode sample(std::uint64_t number) const;

 private:
  EpisodeShape shape_;
  std::uint64_t seed_;
  std::vector<std::vector<std::uint32_t>> members_;  // by class, indices into the dataset
};

// Turns a square planar picture counter-clockwise by quarter turns; `rotated` has its size and does not overlap it.
void rotate(std::span<const std::uint8_t> picture, const ImageShape& shape, std::uint32_t quarter_turns,
            std::span<std::uint8_t> rotated);

struct EpisodeScore {
  double loss = 0;  // mean negative log likelihood of the queries, in nats
  double accuracy =
      0;  // share of the queries whose own prototype is the nearest (the first of several at one distance)
};

// The loss of an episode and its gradient. p(class k | query z) = softmax_k(-|z - c_k|^2), c_k the mean of the support
// of class k; the gradient reaches queries and support alike. `support` is support_size() x d, `queries` is
// query_size() x d, both class by class; the gradients have the same layout and are overwritten, or are both empty and
// not computed. Computes in double precision, in a fixed order.
EpisodeScore prototypical_loss(const EpisodeShape& shape, std::span<const float> support,
                               std::span<const float> queries, std::span<float> support_gradient = {},
                               std::span<float> query_gradient = {});

}  // namespace outrider
