#include "learners/data/image.h"

#include <algorithm>
#include <array>

#include "knowledge/error.h"
#include "knowledge/whole_file.h"
#include "learners/data/codecs.h"
#include "learners/data/limits.h"

namespace outrider {
namespace {

constexpr std::array<std::uint8_t, 8> kPngSignature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr std::array<std::uint8_t, 3> kJpegSignature{0xff, 0xd8, 0xff};

bool starts_with(ByteView bytes, ByteView signature) {
  return bytes.size() >= signature.size() && std::equal(signature.begin(), signature.end(), bytes.begin());
}

}  // namespace

Image decode_image(ByteView bytes, const std::string& name) {
  if (starts_with(bytes, kPngSignature)) return decode_png(bytes, name);
  if (starts_with(bytes, kJpegSignature)) return decode_jpeg(bytes, name);
  throw InputError(name + " is neither a PNG nor a JPEG picture");
}

Image load_image(const std::filesystem::path& path) {
  return decode_image(read_file(path, kMaxPictureFile), shown(path));
}

void save_png(const std::filesystem::path& path, const ImageShape& shape, std::span<const std::uint8_t> pixels) {
  replace_file(path, encode_png(shape, pixels));
}

}  // namespace outrider
