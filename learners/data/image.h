// One picture: decoding PNG and JPEG, writing PNG.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "knowledge/bytes.h"
#include "learners/data/dataset.h"

namespace outrider {

struct Image {
  ImageShape shape;
  std::vector<std::uint8_t> pixels;  // shape.size() values, planar (channel, row, column)

  bool operator==(const Image&) const = default;
};

// Decodes a PNG or JPEG picture, told apart by their first bytes; `name` stands for it in errors. Gray pictures have
// one channel and all others three (RGB). Palettes are resolved, 16 bits a value become 8, transparency is laid over
// white, inks (CMYK, YCCK) are subtracted from it. Pictures without a gamma chunk keep their values exactly: black is
// 0, and 1-bit white is 255. What EXIF says of the orientation is done: the picture is as it is to be looked at. Throws
// InputError when the bytes are neither PNG nor JPEG, are damaged or truncated (also where a decoder would only warn),
// claim a side over kMaxImageSide or more than kMaxPicturePixels (checked before memory is taken), or when there is not
// memory enough.
Image decode_image(ByteView bytes, const std::string& name);

// As decode_image; throws InputError also when the file is missing, unreadable or over kMaxPictureFile.
Image load_image(const std::filesystem::path& path);

// Lossless; loads back with the same values. `shape` has 1 or 3 channels; `pixels` has shape.size() values.
Bytes encode_png(const ImageShape& shape, std::span<const std::uint8_t> pixels);

// Writes to a hidden temporary in the same folder and renames, so that a reader sees the whole picture or none;
// replaces an existing file. Throws InputError when the folder cannot be written.
void save_png(const std::filesystem::path& path, const ImageShape& shape, std::span<const std::uint8_t> pixels);

}  // namespace outrider
