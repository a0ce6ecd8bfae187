#include "aggregator/families/families.h"

#include "aggregator/families/averaging.h"
#include "aggregator/families/growing.h"
#include "aggregator/families/prototypical.h"
#include "aggregator/families/supermask.h"

namespace outrider::aggregator {

std::shared_ptr<ServerFamilies> known_families() {
  auto known = std::make_shared<ServerFamilies>();
  known->families.push_back(averaging_family());
  known->families.push_back(prototypical_family());
  known->families.push_back(supermask_family());
  known->families.push_back(growing_family());
  known->read = read_pretrained;
  return known;
}

}  // namespace outrider::aggregator
