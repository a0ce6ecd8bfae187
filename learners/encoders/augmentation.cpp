#include "learners/encoders/augmentation.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

#include <fmt/format.h>

#include "knowledge/error.h"

namespace outrider {
namespace {

// What happens to one picture.
struct Change {
  int down = 0;
  int right = 0;
  bool flip = false;
  std::uint32_t turns = 0;
  float brightness = 1;
};

Change draw(const Augmentation& augmentation, Random& random) {
  Change change;
  if (augmentation.shift > 0) {
    const auto range = static_cast<std::uint32_t>(2 * augmentation.shift + 1);
    change.down = static_cast<int>(random.below(range)) - augmentation.shift;
    change.right = static_cast<int>(random.below(range)) - augmentation.shift;
  }
  if (augmentation.flip) change.flip = random.below(2) == 1;
  if (augmentation.quarter_turns) change.turns = random.below(4);
  if (augmentation.brightness > 0)
    change.brightness = 1.0F + augmentation.brightness * (2.0F * random.uniform() - 1.0F);
  return change;
}

std::array<std::uint8_t, 256> brightened(float factor) {
  std::array<std::uint8_t, 256> values{};
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<std::uint8_t>(std::clamp(std::lround(factor * static_cast<float>(i)), 0L, 255L));
  return values;
}

// Where in the picture the changed pixel (row, column) comes from; shifts apply last.
struct Source {
  int row;
  int column;
  bool inside;
};

Source source_of(const Change& change, const ImageShape& shape, int row, int column) {
  int y = row - change.down;
  int x = column - change.right;
  if (y < 0 || x < 0 || y >= shape.height || x >= shape.width) return {0, 0, false};
  for (std::uint32_t turn = 0; turn < change.turns; ++turn) {
    const int before = y;
    y = x;
    x = shape.width - 1 - before;
  }
  if (change.flip) x = shape.width - 1 - x;
  return {y, x, true};
}

}  // namespace

void Augmentation::check(const ImageShape& shape) const {
  if (shift < 0 || shift >= shape.height || shift >= shape.width)
    throw InputError(
        fmt::format("pictures of {}x{} cannot be shifted by up to {} pixels", shape.height, shape.width, shift));
  if (quarter_turns && shape.height != shape.width)
    throw InputError(fmt::format("pictures of {}x{} cannot be turned by 90 degrees; they are not square", shape.height,
                                 shape.width));
  if (!(brightness >= 0 && brightness < 1))
    throw InputError(fmt::format("the brightness varies by {}; expected at least 0 and less than 1", brightness));
}

void augment(std::span<const std::uint8_t> picture, const ImageShape& shape, const Augmentation& augmentation,
             Random& random, std::span<std::uint8_t> changed) {
  assert(picture.size() == shape.size() && changed.size() == shape.size());
  const Change change = draw(augmentation, random);
  const std::array<std::uint8_t, 256> values = brightened(change.brightness);
  const auto plane = static_cast<std::size_t>(shape.height) * static_cast<std::size_t>(shape.width);
  const auto channels = static_cast<std::size_t>(shape.channels);
  std::size_t to = 0;
  for (int row = 0; row < shape.height; ++row)
    for (int column = 0; column < shape.width; ++column, ++to) {
      const Source source = source_of(change, shape, row, column);
      const auto from = static_cast<std::size_t>(source.row) * static_cast<std::size_t>(shape.width) +
                        static_cast<std::size_t>(source.column);
      for (std::size_t c = 0; c < channels; ++c)
        changed[c * plane + to] = source.inside ? values[picture[c * plane + from]] : augmentation.padding;
    }
}

}  // namespace outrider
