#include "learners/surgery/plateau.h"

#include <cmath>

#include <fmt/format.h>

#include "knowledge/error.h"

namespace outrider::surgery {

void PlateauRule::check() const {
  require(std::isfinite(min_delta) && min_delta >= 0,
          fmt::format("growth counts {} as progress; expected a finite number, not negative", min_delta));
  require(patience >= 1, "growth has a patience of 0 observations; expected 1 or more");
}

PlateauController::PlateauController(const PlateauRule& rule, const PlateauState& state) : rule_(rule), state_(state) {
  rule_.check();
}

bool PlateauController::observe(double score) {
  const bool progress = score > state_.best + rule_.min_delta;
  if (progress) state_.best = score;
  if (state_.resting > 0) {
    --state_.resting;
    return false;
  }
  state_.waited = progress ? 0 : state_.waited + 1;
  if (state_.waited < rule_.patience || state_.growths >= rule_.max_growths) return false;
  state_.waited = 0;
  state_.resting = rule_.cooldown;
  ++state_.growths;
  return true;
}

}  // namespace outrider::surgery
