#include "simulations/world/family_promises.h"

namespace outrider::simulations {

std::vector<std::unique_ptr<FamilyPromise>> all_promises() {
  std::vector<std::unique_ptr<FamilyPromise>> promises;
  promises.push_back(promise_of_rounds());
  promises.push_back(promise_of_growth());
  promises.push_back(promise_of_masks());
  return promises;
}

}  // namespace outrider::simulations
