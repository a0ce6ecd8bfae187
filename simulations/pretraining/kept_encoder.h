// The encoder of a run, kept in the run's directory once it is trained: training takes longest.
#pragma once

#include <filesystem>
#include <functional>

#include "learners/encoders/encoder.h"
#include "simulations/experiment/progress.h"
#include "simulations/experiment/run_journal.h"

namespace outrider::simulations {

struct TrainedEncoder {
  Encoder encoder;
  double seconds = 0;  // that its training took
};

std::filesystem::path pretrained_file(const std::filesystem::path& directory);

// The one that the run has trained before it was interrupted; where there is none, or its file is damaged, what `train`
// gives.
TrainedEncoder encoder_of_run(RunJournal& journal, const std::filesystem::path& directory, ProgressDisplay& display,
                              const std::function<Encoder()>& train);

}  // namespace outrider::simulations
