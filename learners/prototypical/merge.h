// How class states of many clients become one (family "prototype").
#pragma once

#include <functional>

#include "knowledge/family.h"
#include "learners/prototypical/admission.h"

namespace outrider {

// A contribution's topic is (kPrototypeKind, the embedding space, the class name), its payload a class state in any
// precision. The merged state of a class is the sum over its contributors, each counted once with the newest it said:
// counts and sums add up, deviations merge by Chan, Golub and LeVeque (1979). A contributor that says far more than all
// others counts for less than it says: see weighed_class.h. It leaves in float32. All sums are exact, so the result is
// the same bit for bit whatever the order of deliveries, and erasing gives the very bytes from before.
inline constexpr std::string_view kPrototypeKind = "prototype";

class PrototypicalFamily : public Family {
 public:
  // Gives a space from the blob that defines it, an encoder; throws InputError if the blob is none.
  using SpaceOf = std::function<EmbeddingSpace(ByteView definition)>;

  explicit PrototypicalFamily(SpaceOf space_of, const AdmissionRules& rules = {});
  std::string_view kind() const override { return kPrototypeKind; }
  // put() throws InputError where the contribution is no class state of its space; what the rules refuse it takes, so
  // that a state of looser rules can still be read.
  std::unique_ptr<Merge> make_merge() const override;

 private:
  SpaceOf space_of_;
  AdmissionRules rules_;
};

}  // namespace outrider
