#include "client/families/families.h"

#include "client/families/averaging/averaging_family.h"
#include "client/families/growing/growing_family.h"
#include "client/families/prototypical/prototypical_family.h"
#include "client/families/supermask/supermask_family.h"

namespace outrider::client {

std::shared_ptr<ClientFamilies> known_families() {
  auto families = std::make_shared<ClientFamilies>();
  families->push_back(supermask_family());
  families->push_back(averaging_family());
  families->push_back(growing_family());
  families->push_back(prototypical_family());
  return families;
}

}  // namespace outrider::client
