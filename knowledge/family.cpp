#include "knowledge/family.h"

#include "knowledge/error.h"

namespace outrider {

Admission Merge::admit(const Contribution& contribution) const {
  Admission admission;
  admission.objection = objection_of([&] { admission.decoded = read(contribution); });
  if (!admission.objection) admission.objection = objection_to(contribution, *admission.decoded);
  return admission;
}

}  // namespace outrider
