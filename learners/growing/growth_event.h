// What peers need to know of a growth to rebuild the very same network from the parts, bit for bit: which parts, and
// how crossings begin. The grown weights do not travel.
#pragma once

#include <span>
#include <vector>

#include "knowledge/bytes.h"
#include "knowledge/digest.h"
#include "learners/growing/mixture_growth.h"

namespace outrider::growing {

struct GrowthEvent {
  std::vector<Digest> parts;  // of their wire forms (mixture_wire.h), in the order of their channels
  Crossings crossings;

  bool operator==(const GrowthEvent&) const = default;

  // The growth of these parts. Throws InputError as grow() does.
  static GrowthEvent of(std::span<const MixtureNetwork> parts, const Crossings& crossings);

  // The wire form (growing.capnp); equal events give equal bytes.
  Bytes encode() const;
  // Throws InputError when the bytes are malformed, or the event is none: fewer than 2 parts or too many, an unknown
  // rule, a factor that is not finite.
  static GrowthEvent decode(ByteView bytes);
  Digest id() const { return Digest::of(encode()); }
};

// The network that came of it. Throws InputError unless these are the parts that the event names, in its order.
MixtureNetwork rebuild(const GrowthEvent& event, std::span<const MixtureNetwork> parts);

}  // namespace outrider::growing
