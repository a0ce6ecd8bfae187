// The decoders behind image.h, one a format; same promises as decode_image.
#pragma once

#include <span>
#include <string>

#include "learners/data/image.h"

namespace outrider {

Image decode_png(ByteView bytes, const std::string& name);
Image decode_jpeg(ByteView bytes, const std::string& name);

// Between the decoders' (row, column, channel) and the platform's (channel, row, column).
void to_planar(std::span<const std::uint8_t> interleaved, const ImageShape& shape, std::span<std::uint8_t> planar);
void to_interleaved(std::span<const std::uint8_t> planar, const ImageShape& shape, std::span<std::uint8_t> interleaved);

}  // namespace outrider
