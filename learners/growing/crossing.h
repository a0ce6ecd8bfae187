// What somebody trained of a grown network whose parts others know: the crossings, the head and the norms
// (kCrossingPieces). Small, since templates stay.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "knowledge/bytes.h"
#include "knowledge/digest.h"
#include "learners/growing/mixture_network.h"

namespace outrider::growing {

struct Crossing {
  static constexpr std::uint64_t kMaxSamples = std::uint64_t{1} << 40;

  Digest event;               // the GrowthEvent's id
  std::uint64_t samples = 1;  // that it was learned from
  // Of each mixed tensor the blocks off the diagonal, in order.
  std::vector<std::vector<float>> coefficients;
  nn::Parameters plain;  // head and norms, in the order of the network

  bool operator==(const Crossing&) const = default;

  // Of a grown network that was trained.
  static Crossing of(const MixtureNetwork& trained, const Digest& event, std::uint64_t samples);

  // Exact; equal crossings give equal bytes.
  Bytes encode() const;
  // Throws InputError, beginning with `what`, when the bytes are malformed, or not of a network of that form with
  // finite numbers and 1 to kMaxSamples samples.
  static Crossing decode(ByteView bytes, const MixtureForm& form, const std::string& what = "a crossing");
};

// The grown network with these pieces instead of its own. Pre: the crossing is of its form.
MixtureNetwork with_crossing(MixtureNetwork grown, const Crossing& crossing);

// The mean weighted by samples, of the same event and form, one or more. Sums in double in the order given: the same
// bits for the same order.
Crossing mean_crossing(std::span<const Crossing> crossings);

}  // namespace outrider::growing
