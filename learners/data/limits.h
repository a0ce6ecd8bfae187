// What the loaders refuse before they take memory for it.
#pragma once

#include <cstdint>
#include <string>

#include "learners/data/dataset.h"

namespace outrider {

inline constexpr std::uint64_t kMaxImageSide = 16384;                      // pixels
inline constexpr std::uint64_t kMaxPictureFile = std::uint64_t{64} << 20;  // bytes of one compressed picture or sound
inline constexpr std::uint64_t kMaxBatchFile = std::uint64_t{1} << 30;     // bytes of one file with many pictures
inline constexpr std::uint64_t kMaxDatasetBytes = std::uint64_t{4} << 30;  // of pixels
inline constexpr std::uint64_t kMaxFiles = std::uint64_t{1} << 22;         // in one folder tree or archive

// Throws InputError that starts with `name` unless 1 <= height, width <= kMaxImageSide.
void require_sane_size(const std::string& name, std::uint64_t height, std::uint64_t width);

// Throws InputError that starts with `name` when `count` pictures of this shape exceed kMaxDatasetBytes.
void require_sane_total(const std::string& name, std::uint64_t count, const ImageShape& shape);

// "28x28 gray", "32x32 RGB": width x height, for messages.
std::string describe(const ImageShape& shape);

}  // namespace outrider
