// What the loaders refuse before they take memory for it.
#pragma once

#include <cstdint>
#include <new>
#include <string>

#include "learners/data/dataset.h"

namespace outrider {

inline constexpr std::uint64_t kMaxImageSide = 16384;                        // pixels
inline constexpr std::uint64_t kMaxPicturePixels = std::uint64_t{64} << 20;  // of one encoded picture: 192 MiB as RGB
inline constexpr std::uint64_t kMaxPictureFile = std::uint64_t{64} << 20;    // bytes of one compressed picture
inline constexpr std::uint64_t kMaxRecordingSeconds = 60;
inline constexpr std::uint64_t kMaxRecordingFile = std::uint64_t{8} << 20;  // bytes: 60 s at 48 kHz and more
inline constexpr std::uint64_t kMostExpansion = 200;                        // of a compressed file with many pictures
inline constexpr std::uint64_t kFreeExpansion = std::uint64_t{64} << 20;    // bytes up to which any expansion is fine
inline constexpr std::uint64_t kMaxBatchFile = std::uint64_t{1} << 30;      // bytes of one file with many pictures
inline constexpr std::uint64_t kMaxDatasetBytes = std::uint64_t{4} << 30;   // of pixels
inline constexpr std::uint64_t kMaxFiles = std::uint64_t{1} << 22;          // in one folder tree or archive

[[noreturn]] void refuse_for_memory(const std::string& name, std::uint64_t bytes);

// Throws InputError that starts with `name` unless 1 <= height, width <= kMaxImageSide.
void require_sane_size(const std::string& name, std::uint64_t height, std::uint64_t width);

// Likewise, and unless they are at most kMaxPicturePixels: for one picture that is to be decoded.
void require_decodable_size(const std::string& name, std::uint64_t height, std::uint64_t width);

// Throws InputError that starts with `name` when `packed` bytes claim to unpack to more than kMostExpansion times as
// many and more than kFreeExpansion.
void require_sane_expansion(const std::string& name, std::uint64_t unpacked, std::uint64_t packed);

// What take() gives. Throws InputError, which starts with `name` and says what would be needed, when there is no
// memory.
template <typename Take>
auto within_memory(const std::string& name, std::uint64_t bytes, Take&& take) {
  try {
    return take();
  } catch (const std::bad_alloc&) {
    refuse_for_memory(name, bytes);
  }
}

// Throws InputError that starts with `name` when `count` pictures of this shape exceed kMaxDatasetBytes.
void require_sane_total(const std::string& name, std::uint64_t count, const ImageShape& shape);

// "28x28 gray", "32x32 RGB": width x height, for messages.
std::string describe(const ImageShape& shape);

}  // namespace outrider
