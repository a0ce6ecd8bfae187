// What one method has come to in one setting of a scenario of rounds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "learners/evaluation/summary.h"

namespace outrider::simulations {

// After so many rounds.
struct RoundsPoint {
  std::uint64_t round = 0;
  double accuracy = 0;    // of the model on the test pictures
  double loss = 0;        // of the clients in that round
  double operations = 0;  // of all training so far

  bool operator==(const RoundsPoint&) const = default;
};

// Before that round the network grew.
struct RoundsGrowth {
  std::uint64_t round = 0;
  double width = 1;  // of the setting's architecture, from now on

  bool operator==(const RoundsGrowth&) const = default;
};

// Of the clients that hold a part of the network.
struct PartAccuracy {
  double width = 1;
  double accuracy = 0;

  bool operator==(const PartAccuracy&) const = default;
};

struct RoundsRun {
  std::uint64_t seed = 0;
  std::vector<RoundsPoint> points;  // rising; the last is after the last round
  std::vector<RoundsGrowth> growths;
  std::vector<PartAccuracy> parts;  // at the end, widest first; none where all have the whole
  std::size_t weights = 0;          // at the end, of the whole network
  // Of a client in a round, on average.
  double received_bytes = 0;
  double sent_bytes = 0;
  std::size_t used = 0;     // updates
  std::size_t refused = 0;  // likewise, which came late
  double seconds = 0;       // of real time: not part of the result
};

struct RoundsResult {
  std::string setting;
  std::string method;
  std::vector<RoundsRun> runs{};  // one per seed

  std::string label() const { return setting + ": " + method; }
  std::string label_of(std::uint64_t seed) const { return label() + " with seed " + std::to_string(seed); }
  // Of a figure of every run.
  template <typename Figure>
  Summary over_seeds(Figure&& figure) const {
    std::vector<double> values;
    for (const RoundsRun& run : runs) values.push_back(figure(run));
    return summarise(values);
  }
  Summary accuracy() const;  // after the last round
  Summary received() const;
  Summary sent() const;
  Summary operations() const;
  Summary weights() const;
  Summary seconds() const;
};

}  // namespace outrider::simulations
