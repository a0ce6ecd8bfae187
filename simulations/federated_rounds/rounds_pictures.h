// The pictures of a setting, and who has them.
#pragma once

#include <string>
#include <vector>

#include "simulations/federated_rounds/rounds_scenario.h"
#include "simulations/federated_rounds/training/federated_training.h"

namespace outrider::simulations {

struct RoundsPictures {
  Dataset train;                                 // as the network reads them; those of `owners`
  Dataset test;                                  // likewise
  std::vector<std::vector<std::size_t>> owners;  // of each client, which of `train`
  std::string source;
  std::string sha256;

  // How many clients have any.
  std::size_t clients() const;
  // How many classes a client has pictures of, on average over those that have any.
  double classes_per_client() const;
  // The clients with their pictures; client k holds the part widths[k mod n].
  std::vector<TrainingClient> dealt(const std::vector<double>& widths) const;
  // One that has all of them.
  std::vector<TrainingClient> together() const;
};

// A pure function of setting, data and seed. Throws InputError when the data cannot be opened, have no test part or
// other classes there, or cannot be divided so.
RoundsPictures select_pictures(const RoundsSetting& setting, std::uint64_t seed);

}  // namespace outrider::simulations
