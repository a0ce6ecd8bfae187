// What the user of `outrider simulate` says beside the scenario.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace outrider::simulations {

struct SimulateOptions {
  std::filesystem::path scenario;
  std::filesystem::path output;           // empty: runs/NAME
  std::filesystem::path data;             // empty: as the scenario says
  std::optional<std::uint64_t> seed;      // likewise
  std::string seeds;                      // likewise; "FIRST..LAST", for all but missions
  std::optional<std::uint64_t> episodes;  // likewise
  std::filesystem::path program;          // empty: this one
  bool processes = false;                 // federations: run as daemons too
  bool namespaces = false;                // likewise, each in a network of its own
  bool check = false;                     // plan it, but do not run it
  bool resume = false;                    // go on with the run in the output directory
};

// The seeds that the options ask for instead of the scenario's; empty: none. Throws InputError for a range that is
// none.
std::vector<std::uint64_t> wanted_seeds(const SimulateOptions& options);

}  // namespace outrider::simulations
