// For the unit tests of this folder: pictures in encodings that the library reads but does not write.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>

#include <jpeglib.h>
#include <zlib.h>

#include "knowledge/bytes.h"
#include "learners/data/image.h"

namespace outrider {

enum class PngColour : std::uint8_t { gray = 0, rgb = 2, palette = 3, gray_alpha = 4, rgba = 6 };

inline void append_big_endian(Bytes& bytes, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(number >> shift));
}

inline void append_chunk(Bytes& png, std::string_view type, ByteView data) {
  append_big_endian(png, static_cast<std::uint32_t>(data.size()));
  const std::size_t start = png.size();
  png.insert(png.end(), type.begin(), type.end());
  png.insert(png.end(), data.begin(), data.end());
  append_big_endian(png,
                    static_cast<std::uint32_t>(::crc32(0, png.data() + start, static_cast<uInt>(png.size() - start))));
}

// A PNG file made by hand. Each row of `rows` starts with its filter byte.
inline Bytes raw_png(std::uint32_t width, std::uint32_t height, std::uint8_t depth, PngColour colour,
                     std::initializer_list<std::uint8_t> rows, std::initializer_list<std::uint8_t> palette = {},
                     std::uint8_t interlace = 0) {
  Bytes png{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  Bytes header;
  append_big_endian(header, width);
  append_big_endian(header, height);
  for (const std::uint8_t byte :
       {depth, static_cast<std::uint8_t>(colour), std::uint8_t{0}, std::uint8_t{0}, interlace})
    header.push_back(byte);
  append_chunk(png, "IHDR", header);
  if (palette.size() > 0) append_chunk(png, "PLTE", {palette.begin(), palette.size()});
  Bytes packed(::compressBound(rows.size()));
  uLongf size = packed.size();
  ::compress(packed.data(), &size, rows.begin(), rows.size());
  packed.resize(size);
  append_chunk(png, "IDAT", packed);
  append_chunk(png, "IEND", {});
  return png;
}

// A JPEG file of interleaved pixels with 1 (gray), 2 (nobody knows), 3 (RGB) or 4 (CMYK) components. `prepare` changes
// the settings before the first row.
template <typename Prepare>
Bytes jpeg_of(unsigned width, unsigned height, int components, std::span<const std::uint8_t> interleaved, int quality,
              Prepare&& prepare) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = width;
  info.image_height = height;
  info.input_components = components;
  info.in_color_space = components == 1   ? JCS_GRAYSCALE
                        : components == 3 ? JCS_RGB
                        : components == 4 ? JCS_CMYK
                                          : JCS_UNKNOWN;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  prepare(info);
  jpeg_start_compress(&info, TRUE);
  Bytes rows(interleaved.begin(), interleaved.end());
  while (info.next_scanline < height) {
    JSAMPROW row = rows.data() + info.next_scanline * width * static_cast<unsigned>(components);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  Bytes jpeg(buffer, buffer + size);
  std::free(buffer);
  return jpeg;
}

inline Bytes jpeg_of(unsigned width, unsigned height, int components, std::span<const std::uint8_t> interleaved,
                     int quality = 100) {
  return jpeg_of(width, height, components, interleaved, quality, [](jpeg_compress_struct&) {});
}

// The same of CMYK, stored as YCCK.
inline Bytes ycck_jpeg_of(unsigned width, unsigned height, std::span<const std::uint8_t> interleaved) {
  return jpeg_of(width, height, 4, interleaved, 100,
                 [](jpeg_compress_struct& info) { jpeg_set_colorspace(&info, JCS_YCCK); });
}

// An EXIF block, from its TIFF header on, with an orientation and nothing else, big- or little-endian.
inline Bytes exif_of(int orientation, bool big) {
  Bytes tiff = to_bytes(std::string_view(big ? "MM\0*\0\0\0\x08" : "II*\0\x08\0\0\0", 8));
  const auto number = [&](std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) tiff.push_back(static_cast<std::uint8_t>(value >> 8 * (big ? bytes - 1 - i : i)));
  };
  number(1, 2);       // entries
  number(0x0112, 2);  // orientation
  number(3, 2);       // a short
  number(1, 4);       // one of them
  number(static_cast<std::uint32_t>(orientation), 2);
  number(0, 2);
  number(0, 4);  // no further directory
  return tiff;
}

// The picture with an EXIF block, as cameras put it: a segment after the JPEG's first marker, a chunk before the PNG's
// pixels.
inline Bytes jpeg_with_exif(const Bytes& jpeg, const Bytes& tiff) {
  Bytes segment{0xff,
                0xe1,
                static_cast<std::uint8_t>((tiff.size() + 8) >> 8),
                static_cast<std::uint8_t>(tiff.size() + 8),
                'E',
                'x',
                'i',
                'f',
                0,
                0};
  segment.insert(segment.end(), tiff.begin(), tiff.end());
  Bytes whole = jpeg;
  whole.insert(whole.begin() + 2, segment.begin(), segment.end());
  return whole;
}
inline Bytes png_with_chunk(const Bytes& png, std::string_view type, ByteView data) {
  constexpr std::ptrdiff_t kHeaderEnd = 8 + 25;
  Bytes whole(png.begin(), png.begin() + kHeaderEnd);
  append_chunk(whole, type, data);
  whole.insert(whole.end(), png.begin() + kHeaderEnd, png.end());
  return whole;
}
inline Bytes png_with_exif(const Bytes& png, const Bytes& tiff) {
  return png_with_chunk(png, "eXIf", tiff);
}

// A gray PNG of one value.
inline Bytes flat_png(int height, int width, std::uint8_t value) {
  const ImageShape shape{.channels = 1, .height = height, .width = width};
  return encode_png(shape, std::vector<std::uint8_t>(shape.size(), value));
}

}  // namespace outrider
