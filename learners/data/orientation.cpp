#include "learners/data/orientation.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include <libexif/exif-data.h>

namespace outrider {
namespace {

constexpr std::string_view kExifMark("Exif\0\0", 6);  // without which libexif reads no block
constexpr std::size_t kMostExif = 0xfffe;             // bytes that libexif reads of one

struct ReleaseExif {
  void operator()(ExifData* data) const { exif_data_unref(data); }
};

}  // namespace

int exif_orientation(ByteView tiff) {
  Bytes block = to_bytes(kExifMark);
  const ByteView read = tiff.first(std::min(tiff.size(), kMostExif - kExifMark.size()));
  block.insert(block.end(), read.begin(), read.end());
  const std::unique_ptr<ExifData, ReleaseExif> data(exif_data_new());
  if (!data) return 1;
  exif_data_unset_option(data.get(), EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);  // which would add what is not there
  exif_data_load_data(data.get(), block.data(), static_cast<unsigned>(block.size()));
  const ExifEntry* entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
  if (entry == nullptr || entry->components < 1 || entry->data == nullptr) return 1;
  const ExifByteOrder order = exif_data_get_byte_order(data.get());
  ExifLong value = 1;
  if (entry->format == EXIF_FORMAT_SHORT && entry->size >= 2) value = exif_get_short(entry->data, order);
  if (entry->format == EXIF_FORMAT_LONG && entry->size >= 4) value = exif_get_long(entry->data, order);
  return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
}

Image upright(Image image, int orientation) {
  if (orientation <= 1 || orientation > 8) return image;
  const bool turned = orientation >= 5;  // rows become columns
  const bool from_below = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const auto height = static_cast<std::size_t>(image.shape.height), width = static_cast<std::size_t>(image.shape.width);
  Image result{.shape = image.shape, .pixels = std::vector<std::uint8_t>(image.pixels.size())};
  if (turned) std::swap(result.shape.height, result.shape.width);
  const std::size_t rows = turned ? width : height, columns = turned ? height : width;
  std::size_t to = 0;
  for (std::size_t channel = 0; channel < static_cast<std::size_t>(image.shape.channels); ++channel)
    for (std::size_t row = 0; row < rows; ++row)
      for (std::size_t column = 0; column < columns; ++column) {
        const std::size_t y = turned ? column : row, x = turned ? row : column;
        result.pixels[to++] = image.pixels[(channel * height + (from_below ? height - 1 - y : y)) * width +
                                           (from_right ? width - 1 - x : x)];
      }
  return result;
}

}  // namespace outrider
