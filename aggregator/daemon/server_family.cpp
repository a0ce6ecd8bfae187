#include "aggregator/daemon/server_family.h"

namespace outrider::aggregator {

std::vector<std::unique_ptr<Family>> ServerFamilies::make(const Self& self) const {
  std::vector<std::unique_ptr<Family>> made;
  for (const auto& family : families) made.push_back(family->make(self));
  return made;
}

}  // namespace outrider::aggregator
