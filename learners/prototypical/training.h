// Episodic training of an encoder (Snell et al. 2017): every episode is one step of Adam on the prototypical loss.
//
//   EpisodicOptions options{.shape = {.way = 20, .shots = 5, .queries = 5, .rotations = true}, .episodes = 2000};
//   Encoder encoder = train_encoder(omniglot, "conv4", {.input = {1, 28, 28}, .invert = true}, options);
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "learners/data/dataset.h"
#include "learners/encoders/encoder.h"
#include "learners/nn/optimizer.h"
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

// Where training stands between two episodes: whoever goes on from it comes to the same encoder, bit for bit.
struct TrainingState {
  std::uint64_t episodes = 0;    // that are done; so far are the learning rate and the random numbers, too
  nn::Parameters parameters;     // with the running statistics
  nn::OptimizerState optimizer;  // plain: row-major, without padding

  bool operator==(const TrainingState&) const = default;
};

// Training episode by episode, for who wants to keep it on the way. Refers to the data set.
class EncoderTraining {
 public:
  // Of that encoder, with Adam at its start. Throws InputError as train_encoder() does.
  EncoderTraining(Encoder encoder, const Dataset& dataset, const EpisodicOptions& options);
  ~EncoderTraining();
  EncoderTraining(EncoderTraining&&) noexcept;
  EncoderTraining& operator=(EncoderTraining&&) noexcept;

  std::uint64_t episodes() const;  // that are done
  // The next one. Throws InputError when training diverges.
  EpisodeReport step();
  // Both throw InputError when training has diverged.
  TrainingState state() const;
  Encoder encoder() const;
  // Throws InputError unless the state fits the network.
  void go_on_from(const TrainingState& state);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A fresh encoder of that architecture (architectures.h).
Encoder fresh_encoder(std::string_view architecture, const Preprocessing& preprocessing, std::uint64_t seed);

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
