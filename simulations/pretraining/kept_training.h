// The training of `outrider pretrain` as far as it has come, in a file beside the one that it is to give: ctrl-C, kill
// or a power failure costs a minute of it.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "learners/prototypical/partial_training.h"
#include "simulations/experiment/interruption.h"
#include "simulations/experiment/progress.h"

namespace outrider::simulations {

struct KeptTrainingPlan {
  std::filesystem::path output;    // beside it: OUTPUT.partial
  TrainingSettings settings;       // that decide what comes out
  std::string command;             // that goes on
  std::uint64_t episodes = 0;      // in all
  std::chrono::seconds every{60};  // it is written this often
  bool restart = false;            // an earlier one is nothing to go on from
};

class KeptTraining {
 public:
  // Refers to the display and the interruption. Throws InputError, which says what can be done, where there is one that
  // cannot be gone on from: damaged, or of other settings; and where none could be written. An output that is a device
  // or a pipe has none.
  KeptTraining(KeptTrainingPlan plan, ProgressDisplay& display, const Interruption& interruption);

  // What there is to go on from. Throws InputError when it is not of this network.
  std::optional<TrainingState> state_of(const nn::NetworkSpec& network);
  // After every episode: writes it when it is time. Throws Interrupted, with the command that goes on, when asked to
  // stop, having written it.
  void look(const EncoderTraining& training);
  // After the last episode: writes it, for the work that is left may take a while.
  void finish(const EncoderTraining& training);
  // Throws Interrupted likewise; what finish() wrote stays.
  void check() const;
  // Once the output is there.
  void remove() const;

 private:
  bool kept() const { return !file_.empty(); }
  void write(const TrainingState& state);
  void try_to_write(const EncoderTraining& training);
  [[noreturn]] void stop() const;

  KeptTrainingPlan plan_;
  std::filesystem::path file_;  // empty: none is kept
  std::optional<PartialFile> found_;
  std::optional<std::uint64_t> held_;  // episodes in the file
  ProgressDisplay& display_;
  const Interruption& interruption_;
  std::chrono::steady_clock::time_point due_;
};

}  // namespace outrider::simulations
