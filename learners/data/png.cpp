#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <string_view>
#include <utility>

#include <png.h>

#include "knowledge/error.h"
#include "knowledge/utf8.h"
#include "learners/data/codecs.h"
#include "learners/data/limits.h"
#include "learners/data/orientation.h"

namespace outrider {
namespace {

// libpng's simplified interface: it catches its own longjmp and reports through a message.
class PngReader {
 public:
  PngReader(Bytes png, const std::string& name) : name_(name), png_(std::move(png)) {
    image_.version = PNG_IMAGE_VERSION;
    if (png_image_begin_read_from_memory(&image_, png_.data(), png_.size()) == 0) fail();
  }
  ~PngReader() { png_image_free(&image_); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  ImageShape shape() const {
    require_decodable_size(name_, image_.height, image_.width);
    return {.channels = (image_.format & PNG_FORMAT_FLAG_COLOR) != 0 ? 3 : 1,
            .height = static_cast<int>(image_.height),
            .width = static_cast<int>(image_.width)};
  }

  std::vector<std::uint8_t> read(const ImageShape& shape) {
    image_.format = shape.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    image_.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
    const png_color white{255, 255, 255};
    std::vector<std::uint8_t> interleaved(shape.size());
    if (png_image_finish_read(&image_, &white, interleaved.data(), 0, nullptr) == 0) fail();
    return interleaved;
  }

 private:
  [[noreturn]] void fail() const { throw InputError(name_ + " is a damaged PNG picture: " + image_.message); }

  const std::string& name_;
  const Bytes png_;
  png_image image_{};
};

std::uint32_t big_endian(ByteView bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
}

// The data of the first chunk of this type, which libpng's simplified interface keeps to itself; empty if there is
// none.
ByteView chunk_of(ByteView png, std::string_view type) {
  for (png = png.subspan(std::min<std::size_t>(png.size(), 8)); png.size() >= 12;) {
    const std::uint32_t size = big_endian(png);
    if (size > png.size() - 12) return {};
    if (text_of(png.subspan(4, 4)) == type) return png.subspan(8, size);
    png = png.subspan(std::size_t{12} + size);
  }
  return {};
}

// Whether a chunk says what the pixels are: all that are critical, and some others.
bool tells_of_pixels(std::string_view type) {
  const bool is_critical = (static_cast<unsigned char>(type[0]) & 0x20) == 0;
  constexpr std::array<std::string_view, 5> kOthers{"tRNS", "gAMA", "cHRM", "sRGB", "sBIT"};
  return is_critical || std::ranges::find(kOthers, type) != kOthers.end();
}

// What libpng is shown: it takes memory for what a chunk claims, and unpacks text and profiles, before it looks
// further.
Bytes pixel_chunks(ByteView png, const std::string& name) {
  constexpr std::size_t kSignature = 8, kAround = 12;  // bytes; of a chunk: size, type and check sum
  Bytes shown = to_bytes(png.first(std::min(png.size(), kSignature)));
  for (png = png.subspan(shown.size()); png.size() >= kAround;) {
    const std::uint32_t size = big_endian(png);
    const std::string_view type = text_of(png.subspan(4, 4));
    const bool is_cut = size > png.size() - kAround;
    if (is_cut && type != "IDAT")
      throw InputError(name + " is a damaged PNG picture: its chunk " + utf8::quoted(type) + " claims " +
                       std::to_string(size) + " bytes, and there are " + std::to_string(png.size() - kAround));
    const ByteView chunk = png.first(is_cut ? png.size() : kAround + size);
    if (tells_of_pixels(type)) shown.insert(shown.end(), chunk.begin(), chunk.end());
    if (type == "IEND") break;
    png = png.subspan(chunk.size());
  }
  return shown;
}

// So few bytes cannot hold so many pixels: deflate packs 1032 bytes into one at best. Found out before there is memory
// for the pixels.
void require_enough_data(ByteView png, const std::string& name) {
  constexpr std::uint64_t kMostOfDeflate = 1032, kSmallPicture = 1u << 20;
  const ByteView header = chunk_of(png, "IHDR");
  if (header.size() < 13) return;  // libpng has something to say about that
  const std::uint64_t samples = header[9] == PNG_COLOR_TYPE_RGB          ? 3
                                : header[9] == PNG_COLOR_TYPE_RGBA       ? 4
                                : header[9] == PNG_COLOR_TYPE_GRAY_ALPHA ? 2
                                                                         : 1;
  const std::uint64_t bits = big_endian(header) * samples * header[8];
  const std::uint64_t raw = bits / 8 * big_endian(header.subspan(4));
  if (raw > kSmallPicture && raw / kMostOfDeflate > png.size())
    throw InputError(name + " is a damaged PNG picture: it claims " + std::to_string(raw) +
                     " bytes of pixels and has " + std::to_string(png.size()) + " bytes");
}

}  // namespace

void to_planar(std::span<const std::uint8_t> interleaved, const ImageShape& shape, std::span<std::uint8_t> planar) {
  assert(interleaved.size() == shape.size() && planar.size() == shape.size());
  const auto channels = static_cast<std::size_t>(shape.channels);
  const std::size_t plane = shape.size() / channels;
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t i = 0; i < plane; ++i) planar[c * plane + i] = interleaved[i * channels + c];
}

void to_interleaved(std::span<const std::uint8_t> planar, const ImageShape& shape,
                    std::span<std::uint8_t> interleaved) {
  assert(interleaved.size() == shape.size() && planar.size() == shape.size());
  const auto channels = static_cast<std::size_t>(shape.channels);
  const std::size_t plane = shape.size() / channels;
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t i = 0; i < plane; ++i) interleaved[i * channels + c] = planar[c * plane + i];
}

Image decode_png(ByteView bytes, const std::string& name) {
  PngReader reader(pixel_chunks(bytes, name), name);
  const ImageShape shape = reader.shape();
  require_enough_data(bytes, name);
  return within_memory(name, 2 * shape.size(), [&] {
    Image image{.shape = shape, .pixels = {}};
    std::vector<std::uint8_t> interleaved = reader.read(image.shape);
    if (image.shape.channels == 1) {
      image.pixels = std::move(interleaved);
    } else {
      image.pixels.resize(interleaved.size());
      to_planar(interleaved, image.shape, image.pixels);
      interleaved = {};
    }
    return upright(std::move(image), exif_orientation(chunk_of(bytes, "eXIf")));
  });
}

Bytes encode_png(const ImageShape& shape, std::span<const std::uint8_t> pixels) {
  assert(shape.channels == 1 || shape.channels == 3);
  assert(pixels.size() == shape.size() && shape.size() > 0);
  std::vector<std::uint8_t> interleaved(pixels.begin(), pixels.end());
  if (shape.channels == 3) to_interleaved(pixels, shape, interleaved);

  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(shape.width);
  image.height = static_cast<png_uint_32>(shape.height);
  image.format = shape.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  Bytes png(size);
  if (png_image_write_to_memory(&image, png.data(), &size, 0, interleaved.data(), 0, nullptr) == 0)
    throw std::runtime_error(std::string("libpng cannot encode a picture: ") + image.message);
  png.resize(size);
  return png;
}

}  // namespace outrider
