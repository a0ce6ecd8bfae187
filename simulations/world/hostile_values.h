// Words, numbers and bytes that nobody means well: what names, counts and sizes are in a hostile client's mouth.
#pragma once

#include <cstdint>
#include <string>

#include "knowledge/bytes.h"
#include "learners/random.h"

namespace outrider::simulations {

class HostileValues {
 public:
  explicit HostileValues(Random dice) : dice_(dice) {}

  // Of names, subjects, kinds and reasons: no UTF-8, control characters, paths, markup, formulas, up to 64 KiB.
  std::string word();
  // Around every power of two at which something may wrap.
  std::uint64_t number();
  // The bits of a float: no number, infinite, denormal, huge, either zero.
  std::uint32_t float_bits();
  // At most `most` bytes, often one more or less than an id or a digest has.
  Bytes bytes(std::size_t most);
  // The bytes with some words replaced by such numbers, bits flipped, cut off or padded; empty at times.
  Bytes bent(Bytes bytes);

  bool happens(float chance) { return dice_.uniform() < chance; }
  std::uint32_t below(std::uint32_t bound) { return dice_.below(bound); }
  Random& dice() { return dice_; }

 private:
  Random dice_;
};

}  // namespace outrider::simulations
