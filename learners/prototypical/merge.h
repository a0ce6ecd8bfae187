// How class states of many clients become one (family "prototype").
#pragma once

#include <functional>

#include "knowledge/family.h"

namespace outrider {

// A contribution's topic is (kPrototypeKind, the embedding space, the class name), its payload a class state in any
// precision. The merged state of a class is the sum over its contributors, each counted once with the newest it said:
// counts and sums add up, deviations merge by Chan, Golub and LeVeque (1979). It leaves in float32. All sums are exact,
// so the result is the same bit for bit whatever the order of deliveries, and erasing gives the very bytes from before.
inline constexpr std::string_view kPrototypeKind = "prototype";

class PrototypicalFamily : public Family {
 public:
  // Gives the embedding dimension of a space from the blob that defines it, an encoder; throws InputError if the blob
  // is none.
  using DimensionOf = std::function<std::size_t(ByteView definition)>;

  explicit PrototypicalFamily(DimensionOf dimension_of);
  std::string_view kind() const override { return kPrototypeKind; }
  // put() throws InputError where objection() objects.
  std::unique_ptr<Merge> make_merge() const override;

 private:
  DimensionOf dimension_of_;
};

}  // namespace outrider
