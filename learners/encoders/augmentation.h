// Random changes of 8-bit pictures for training.
#pragma once

#include <cstdint>
#include <span>

#include "learners/data/dataset.h"
#include "learners/random.h"

namespace outrider {

struct Augmentation {
  int shift = 0;               // up to so many pixels in each direction: a random crop of the padded picture
  std::uint8_t padding = 0;    // the value that a shift moves in
  bool flip = false;           // left to right, half of the time
  bool quarter_turns = false;  // by 0, 90, 180 or 270 degrees; pictures must be square
  float brightness = 0;        // all values times a factor within 1 - brightness and 1 + brightness, held to 0 to 255

  bool operator==(const Augmentation&) const = default;
  bool none() const { return shift == 0 && !flip && !quarter_turns && brightness == 0; }
  // Throws InputError when a number is out of range or pictures of that shape cannot be changed so.
  void check(const ImageShape& shape) const;
};

// Writes a changed copy of `picture`, planar of that shape, to `changed`; they may not overlap. Draws the same count of
// random numbers whatever they turn out to be. `augmentation` has passed check().
void augment(std::span<const std::uint8_t> picture, const ImageShape& shape, const Augmentation& augmentation,
             Random& random, std::span<std::uint8_t> changed);

}  // namespace outrider
