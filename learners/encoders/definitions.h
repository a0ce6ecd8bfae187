// What the definitions that travel say alike (base networks, learning tasks, growing tasks): how pictures become a
// network's input, and which classes its outputs mean.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "learners/encoders/encoder.h"

namespace outrider {

// All throw InputError, beginning with `what`, which is how people call the definition.

// Unless the network reads such pictures, and its mean and deviation are finite, the deviation above 0.
void check_preprocessing(const Preprocessing& preprocessing, const nn::Shape& input, const std::string& what);
// Unless there is a name (knowledge/name.h) for each of at least two outputs, and none twice.
void check_class_names(const std::vector<std::string>& classes, std::size_t outputs, const std::string& what);
// Of a picture, as read. Unless a network may be so large.
int checked_picture_extent(std::uint32_t value, const std::string& what);

// In a wire form with the fields invert, channels, height, width, mean and deviation.
template <typename Builder>
void write_preprocessing(const Preprocessing& preprocessing, Builder& builder) {
  builder.setInvert(preprocessing.invert);
  builder.setChannels(static_cast<std::uint32_t>(preprocessing.input.channels));
  builder.setHeight(static_cast<std::uint32_t>(preprocessing.input.height));
  builder.setWidth(static_cast<std::uint32_t>(preprocessing.input.width));
  builder.setMean(preprocessing.mean);
  builder.setDeviation(preprocessing.deviation);
}
template <typename Reader>
Preprocessing read_preprocessing(const Reader& reader, const std::string& what) {
  return {{checked_picture_extent(reader.getChannels(), what), checked_picture_extent(reader.getHeight(), what),
           checked_picture_extent(reader.getWidth(), what)},
          reader.getInvert(),
          reader.getMean(),
          reader.getDeviation()};
}

}  // namespace outrider
