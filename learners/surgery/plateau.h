// When to grow: once learning has stopped to get better. A state machine over observations, accuracy on held-out data
// after each round, say, without a clock; what it remembers is a plain value.
#pragma once

#include <cstdint>
#include <limits>

namespace outrider::surgery {

struct PlateauRule {
  double min_delta = 0.002;       // what an observation has to be better by than the best so far to count as progress
  std::uint32_t patience = 5;     // observations without progress after which to grow
  std::uint32_t cooldown = 3;     // observations after a growth that are not counted against it
  std::uint32_t max_growths = 8;  // in all

  bool operator==(const PlateauRule&) const = default;
  // Throws InputError unless min_delta is finite and not negative, and patience is at least 1.
  void check() const;
};

struct PlateauState {
  double best = -std::numeric_limits<double>::infinity();
  std::uint32_t waited = 0;   // observations since the last progress
  std::uint32_t resting = 0;  // observations of the cooldown that are left
  std::uint32_t growths = 0;

  bool operator==(const PlateauState&) const = default;
};

class PlateauController {
 public:
  // Throws InputError unless the rule passes its check.
  explicit PlateauController(const PlateauRule& rule, const PlateauState& state = {});

  // A score is better the higher it is; NaN is no progress. Whether to grow now, which then counts as done.
  bool observe(double score);
  const PlateauState& state() const { return state_; }

 private:
  PlateauRule rule_;
  PlateauState state_;
};

}  // namespace outrider::surgery
