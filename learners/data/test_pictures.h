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
                     std::initializer_list<std::uint8_t> rows, std::initializer_list<std::uint8_t> palette = {}) {
  Bytes png{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  Bytes header;
  append_big_endian(header, width);
  append_big_endian(header, height);
  for (const std::uint8_t byte :
       {depth, static_cast<std::uint8_t>(colour), std::uint8_t{0}, std::uint8_t{0}, std::uint8_t{0}})
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

// A JPEG file of interleaved pixels with 1 (gray), 3 (RGB) or 4 (CMYK) components.
inline Bytes jpeg_of(unsigned width, unsigned height, int components, std::span<const std::uint8_t> interleaved,
                     int quality = 100) {
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
  info.in_color_space = components == 1 ? JCS_GRAYSCALE : components == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
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

// A gray PNG of one value.
inline Bytes flat_png(int height, int width, std::uint8_t value) {
  const ImageShape shape{.channels = 1, .height = height, .width = width};
  return encode_png(shape, std::vector<std::uint8_t>(shape.size(), value));
}

}  // namespace outrider
