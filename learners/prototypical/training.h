// Episodic training of an encoder (Snell et al. 2017): every episode is one step of Adam on the prototypical loss.
//
//   EpisodicOptions options{.shape = {.way = 20, .shots = 5, .queries = 5, .rotations = true}, .episodes = 2000};
//   Encoder encoder = train_encoder(omniglot, "conv4", {.input = {1, 28, 28}, .invert = true}, options);
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "learners/data/dataset.h"
#include "learners/encoders/encoder.h"
#include "learners/prototypical/episodes.h"

namespace outrider {

struct EpisodicOptions {
  EpisodeShape shape{.way = 20, .shots = 5, .queries = 5};
  std::vector<std::uint32_t> labels{};  // of the classes to train on; empty: all
  std::uint64_t episodes = 10000;
  double learning_rate = 1e-3;
  std::uint64_t halve_every = 2000;  // episodes after which the learning rate is halved; 0: never
  std::uint64_t seed = 1;            // of the first parameters and of the episodes
  int threads = 0;                   // 0: one per processor; part of the result, see learners/nn/README.md
};

// What happened in an episode, before the encoder learned from it.
struct EpisodeReport {
  std::uint64_t episode = 0;  // from 0
  double loss = 0;
  double accuracy = 0;
};
// Returns whether to go on.
using OnEpisode = std::function<bool(const EpisodeReport&)>;

// Trains a fresh encoder of that architecture (architectures.h). Support and queries pass the network as one batch, on
// whose statistics batch norm works; the running statistics that the encoder is used with are kept along. Same
// arguments, same encoder, bit for bit on one kind of processor. Throws InputError when the pictures are not of
// preprocessing.input, episodes cannot be drawn, an option is out of its range, or training diverges (numbers are no
// longer finite).
Encoder train_encoder(const Dataset& dataset, std::string_view architecture, const Preprocessing& preprocessing,
                      const EpisodicOptions& options, const OnEpisode& on_episode = {});

// Goes on with an encoder that has been trained before; Adam starts afresh.
Encoder train_encoder(Encoder encoder, const Dataset& dataset, const EpisodicOptions& options,
                      const OnEpisode& on_episode = {});

}  // namespace outrider
