#include "learners/data/limits.h"

#include "knowledge/error.h"

namespace outrider {

void require_sane_size(const std::string& name, std::uint64_t height, std::uint64_t width) {
  if (height >= 1 && width >= 1 && height <= kMaxImageSide && width <= kMaxImageSide) return;
  throw InputError(name + " claims pictures of " + std::to_string(width) + "x" + std::to_string(height) +
                   " pixels; sides from 1 to " + std::to_string(kMaxImageSide) + " are read");
}

void require_decodable_size(const std::string& name, std::uint64_t height, std::uint64_t width) {
  require_sane_size(name, height, width);
  if (height * width <= kMaxPicturePixels) return;
  throw InputError(name + " has " + std::to_string(width) + "x" + std::to_string(height) + " pixels, which are " +
                   std::to_string(height * width) + "; pictures of at most " + std::to_string(kMaxPicturePixels) +
                   " are decoded");
}

void require_sane_expansion(const std::string& name, std::uint64_t unpacked, std::uint64_t packed) {
  if (unpacked <= kFreeExpansion || unpacked / kMostExpansion <= packed) return;
  throw InputError(name + " claims to hold " + std::to_string(unpacked) + " bytes in " + std::to_string(packed) +
                   "; more than " + std::to_string(kMostExpansion) + " times as many are not unpacked");
}

void refuse_for_memory(const std::string& name, std::uint64_t bytes) {
  throw InputError(name + " needs " + std::to_string((bytes >> 20) + 1) +
                   " MiB of memory to be read, and so much is not there");
}

void require_sane_total(const std::string& name, std::uint64_t count, const ImageShape& shape) {
  if (count <= kMaxDatasetBytes / shape.size()) return;
  throw InputError(name + " claims " + std::to_string(count) + " pictures of " + describe(shape) + "; at most " +
                   std::to_string(kMaxDatasetBytes >> 30) + " GiB are loaded");
}

std::string describe(const ImageShape& shape) {
  const std::string size = std::to_string(shape.width) + "x" + std::to_string(shape.height);
  if (shape.channels == 1) return size + " gray";
  if (shape.channels == 3) return size + " RGB";
  return size + " with " + std::to_string(shape.channels) + " channels";
}

}  // namespace outrider
