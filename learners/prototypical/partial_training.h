// A training that has not ended, in a file: all that is needed to go on and to see whether it is the one that is meant.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "learners/prototypical/training.h"

namespace outrider {

// Names and values, as a command line says them.
using TrainingSettings = std::vector<std::pair<std::string, std::string>>;

// In a file: three numbers for each of an encoder, which has at most 512 MiB, and settings.
inline constexpr std::uint64_t kMostPartialBytes = std::uint64_t{2} << 30;
inline constexpr std::size_t kMostTrainingSettings = 64;

struct PartialTraining {
  TrainingSettings settings;
  TrainingState state;
};

// Replaces the file whole or not at all, durably, with a digest of all of it, for its owner alone. Throws InputError
// when it cannot be written.
void save_partial(const PartialTraining& partial, const std::filesystem::path& file);

// What a file holds; the state is looked at when the network is known for certain.
class PartialFile {
 public:
  // Throws InputError, which names the file, when it is missing, something else, longer than kMostPartialBytes, or
  // damaged in a single bit.
  explicit PartialFile(const std::filesystem::path& file);

  const TrainingSettings& settings() const { return settings_; }
  // Throws InputError, which names the file, unless it is one of this network.
  TrainingState state_of(const nn::NetworkSpec& network) const;

 private:
  std::string what_;
  Bytes bytes_;
  TrainingSettings settings_;
};

}  // namespace outrider
