// One tensor of many updates becomes one, weight by weight. Internal to this folder.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "learners/averaging/strategy.h"

namespace outrider::averaging {

// What one update says of a tensor: `factor` times the values, with this weight in a weighted mean.
struct Vote {
  std::span<const float> values;
  std::span<const std::uint8_t> held;  // 0 where the client does not hold the weight; empty: it holds all
  double weight = 1;                   // above 0
  double factor = 1;

  bool holds(std::size_t i) const { return held.empty() || held[i] != 0; }
  double at(std::size_t i) const { return factor * static_cast<double>(values[i]); }
};

struct Combined {
  std::vector<double> values;       // 0 where nobody holds the weight
  std::vector<std::uint8_t> known;  // whether anybody does
};

// `how`: mean, median or trimmed mean. Sums in double in the order of the votes, which have `size` values each; the
// same bits for every number of threads. Krum chooses among whole updates beforehand (krum.h) and then takes the mean.
Combined combine(std::span<const Vote> votes, std::size_t size, const Combination& how, int threads);

}  // namespace outrider::averaging
