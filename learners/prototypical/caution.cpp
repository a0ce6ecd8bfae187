#include "learners/prototypical/caution.h"

#include <algorithm>
#include <map>

namespace outrider {

void set_caution(std::vector<std::pair<std::string, ClassState>>& classes) {
  std::map<std::uint64_t, std::size_t> alone;  // how many classes each teaches that nobody else does
  for (const auto& [name, state] : classes)
    if (state.sole_teacher != 0) ++alone[state.sole_teacher];
  std::size_t most = 0;
  std::size_t next = 0;
  for (const auto& [teacher, count] : alone) {
    next = std::max(next, std::min(most, count));
    most = std::max(most, count);
  }
  // Only who has most can have too many: twice the next is more than all others have.
  const std::size_t trusted = std::max({kTrustedAlone, 2 * next, 2 * (classes.size() - most)});
  for (auto& [name, state] : classes) {
    state.caution = 1;
    if (state.sole_teacher == 0 || alone[state.sole_teacher] <= trusted) continue;
    const float excess = static_cast<float>(most) / static_cast<float>(trusted);
    state.caution = std::min(excess, kMostCaution);
  }
}

}  // namespace outrider
