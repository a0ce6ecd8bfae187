// Training with one mask for each weight tensor. Internal to this folder.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "learners/nn/derived_weights.h"
#include "learners/supermask/training.h"
#include "learners/training/loop.h"

namespace outrider {

using LayerValues = std::vector<std::vector<float>>;
using LayerFlags = std::vector<std::vector<std::uint8_t>>;

// How many weights of each layer a base network keeps.
std::vector<std::size_t> kept_counts(const BaseNetwork& base);
std::vector<std::size_t> kept_counts(const TaskRecord& record);
// Throws InputError when the pictures or their classes do not fit the base network.
void check_task(const BaseNetwork& base, const Dataset& task);

struct TrainerOptions {
  std::size_t batch = 64;
  std::uint64_t seed = 0;
  int threads = 0;
};

// A phase of training: Adam.
struct TrainingPhase {
  std::size_t epochs = 1;
  float rate = 0.01F;
  std::string_view purpose;       // names its random order
  std::size_t epochs_before = 0;  // of earlier phases, and of all: for `done`
  std::size_t epochs_of_all = 1;
  bool constant = false;            // the rate; otherwise it decays along a cosine
  std::vector<float> most_rates{};  // of each weight tensor, where the phase's rate is above it; empty: no such bound
};

// What training changes.
struct TrainingState {
  LayerValues weights;
  std::vector<float> statistics;
};

// How an epoch went.
struct EpochReport {
  double loss = 0;    // mean over the steps
  double silent = 0;  // of the class of which it is most, the share of pictures that reach no output: all are equal
};

// The base network on one task's pictures, every weight behind a mask that the scores select. Refers to the pictures.
class MaskedTrainer {
 public:
  // Throws InputError when the pictures or their classes do not fit the base network.
  MaskedTrainer(const BaseNetwork& base, const Dataset& task, LayerValues weights, Scores scores,
                const std::vector<std::size_t>& kept, const TrainerOptions& options);
  // With masks that stay, behind which all weights learn.
  MaskedTrainer(const BaseNetwork& base, const Dataset& task, const TrainingState& start, const LayerFlags& masks,
                const TrainerOptions& options);
  MaskedTrainer(const MaskedTrainer&) = delete;
  MaskedTrainer& operator=(const MaskedTrainer&) = delete;

  // Running statistics to go on from; otherwise they start anew.
  void load_statistics(const std::vector<float>& statistics);
  // From now on the masks stay, and the weights learn where both mask and `free` are 1.
  void learn_weights(const LayerFlags& free);
  // Trains scores or weights. `after_step` hears the number of steps after each. Throws InputError when it diverges or
  // `done` says to stop.
  using StepDone = std::function<void(std::uint64_t steps)>;
  // Asked after every epoch; whether to leave the rest out.
  using IsHopeless = std::function<bool(std::size_t epochs, const EpochReport& report)>;
  // Returns whether it went through all epochs.
  bool train(const TrainingPhase& phase, const EpochDone& done, const StepDone& after_step = {},
             const IsHopeless& hopeless = {});

  // What has been learned, with ranks of the scores; examples and classes are the task's.
  TaskRecord record(std::uint32_t place, bool with_values) const;
  TrainingState state() const;
  std::size_t steps_per_epoch() const { return task_.size() / plan_.batch(); }

 private:
  training::Trainee trainee(const std::vector<nn::Trainable>& trainables);
  // Adds to what the epoch tells.
  void count_silent(std::span<const float> logits, std::span<const std::uint32_t> labels);
  EpochReport take_report(double loss);

  BaseNetwork base_;
  const Dataset& task_;
  TrainerOptions options_;
  nn::TrainingPlan plan_;
  nn::DerivedPlan derived_;
  std::vector<std::unique_ptr<nn::MaskedWeight>> layers_;
  std::vector<std::size_t> seen_;    // pictures of each class in the epoch
  std::vector<std::size_t> silent_;  // of them, those that reach no output
};

}  // namespace outrider
