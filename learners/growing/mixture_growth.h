// Growth by merging (MixtureGrowth, Pham et al. 2024): small networks that were trained apart become one that is n
// times as wide. Each lies on the diagonal with its own templates and norms; the blocks off the diagonal, the
// crossings, are new mixes of the templates that are there.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "learners/growing/mixture_network.h"

namespace outrider::growing {

// What the coefficients of crossings begin as. Block (i, j) mixes the templates of part i.
enum class CrossingRule : std::uint8_t {
  kOrthogonal,  // norm 1, in the direction of which all that mix these templates so far have the least
  kCopy,        // those that part i mixes this tensor with, with a little noise
  kZero,
  kRandom,  // norm 1, in a random direction
};

struct Crossings {
  CrossingRule rule = CrossingRule::kOrthogonal;
  float factor = 0.1F;     // on what the rule says
  std::uint64_t seed = 0;  // kCopy, kRandom

  bool operator==(const Crossings&) const = default;
  // Throws InputError unless the rule is one of these, and the factor is finite.
  void check() const;
};

// "orthogonal", "copy", "zero", "random". parse throws InputError for any other text.
std::string_view rule_name(CrossingRule rule);
CrossingRule parse_rule(std::string_view text);

// The grown network. A pure function of its arguments, the same bits on every machine. With crossings of zero it is the
// parts side by side: hidden channels compute what they did, and the outputs are the mean of the parts' outputs.
// Throws InputError unless there are 2 parts or more, of one form with one part each, valid, and not too many.
MixtureNetwork grow(std::span<const MixtureNetwork> parts, const Crossings& crossings);

// Any parameters of the parts' network joined likewise, zeros off the diagonal: for networks of plain weights.
nn::Parameters side_by_side(const MixtureForm& form, std::span<const nn::Parameters> parts);

}  // namespace outrider::growing
