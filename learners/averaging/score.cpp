#include "learners/averaging/score.h"

#include <cmath>

#include <fmt/format.h>

#include "knowledge/error.h"

namespace outrider::averaging {

void Score::add(const Score& other) {
  clients += other.clients;
  pictures += other.pictures;
  correct += other.correct;
  loss_sum += other.loss_sum;
}

bool Score::better_than(const Score& other) const {
  if (pictures == 0 || other.pictures == 0) return pictures > 0;
  return accuracy() > other.accuracy() || (accuracy() == other.accuracy() && loss() < other.loss());
}

void Score::check(const std::string& what) const {
  require(pictures <= kMostPictures,
          fmt::format("{} tells of {} held-out pictures; at most {} count", what, pictures, kMostPictures));
  require(correct <= pictures,
          fmt::format("{} tells {} of {} held-out pictures right; expected at most all", what, correct, pictures));
  require(std::isfinite(loss_sum) && loss_sum >= 0 && loss_sum <= kMostLoss * static_cast<double>(pictures),
          fmt::format("{} has a loss of {} on {} held-out pictures; expected 0 to {} each", what, loss_sum, pictures,
                      kMostLoss));
}

std::string Score::text() const {
  return fmt::format("loss {:.3g}, accuracy {:.3g} on {} held-out pictures of {} clients", loss(), accuracy(), pictures,
                     clients);
}

}  // namespace outrider::averaging
