#include "aggregator/families/families.h"

#include "aggregator/families/averaging.h"
#include "aggregator/families/prototypical.h"
#include "learners/growing/merge.h"
#include "learners/supermask/merge.h"

namespace outrider::aggregator {

std::shared_ptr<ServerFamilies> known_families() {
  auto known = std::make_shared<ServerFamilies>();
  known->families.push_back(averaging_family());
  known->families.push_back(prototypical_family());
  known->families.push_back(std::make_unique<PlainServerFamily<SupermaskFamily>>());
  known->families.push_back(std::make_unique<PlainServerFamily<growing::GrowingFamily>>());
  known->read = read_pretrained;
  return known;
}

}  // namespace outrider::aggregator
