#include "learners/training/local_work.h"

#include <cmath>

#include <fmt/format.h>

#include "knowledge/error.h"

namespace outrider::training {

void LocalWork::check(const std::string& what) const {
  require(batch > 0, what + " trains on batches of no pictures; expected 1 or more");
  require(epochs > 0, what + " trains for no epoch; expected 1 or more");
  require(std::isfinite(rate) && rate > 0,
          fmt::format("{} trains with the learning rate {}; expected a finite number above 0", what, rate));
}

}  // namespace outrider::training
