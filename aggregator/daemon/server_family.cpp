#include "aggregator/daemon/server_family.h"

namespace outrider::aggregator {

std::vector<std::unique_ptr<Family>> ServerFamilies::make(const ClientId& aggregator) const {
  std::vector<std::unique_ptr<Family>> made;
  for (const auto& family : families) made.push_back(family->make(aggregator));
  return made;
}

}  // namespace outrider::aggregator
