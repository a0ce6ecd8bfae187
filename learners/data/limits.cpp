#include "learners/data/limits.h"

#include "knowledge/error.h"

namespace outrider {

void require_sane_size(const std::string& name, std::uint64_t height, std::uint64_t width) {
  if (height >= 1 && width >= 1 && height <= kMaxImageSide && width <= kMaxImageSide) return;
  throw InputError(name + " claims pictures of " + std::to_string(width) + "x" + std::to_string(height) +
                   " pixels; sides from 1 to " + std::to_string(kMaxImageSide) + " are read");
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
