#include <array>
#include <cassert>
#include <csetjmp>
#include <cstdio>
#include <string_view>
#include <utility>

#include <jpeglib.h>

#include "knowledge/error.h"
#include "learners/data/codecs.h"
#include "learners/data/limits.h"
#include "learners/data/orientation.h"

namespace outrider {
namespace {

// libjpeg's errors leave through longjmp, which must not pass over an object with a destructor: each member function
// that calls libjpeg sets the jump itself and holds plain values only.
class JpegReader {
 public:
  JpegReader() {
    info_.err = jpeg_std_error(&errors_.base);
    errors_.base.error_exit = leave;
    errors_.base.emit_message = leave_on_warning;
  }
  ~JpegReader() { jpeg_destroy_decompress(&info_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  bool read_header(ByteView bytes) {
    if (setjmp(errors_.resume) != 0) return false;
    jpeg_create_decompress(&info_);
    info_.mem->max_memory_to_use = 1L << 30;  // a progressive picture's coefficients
    jpeg_mem_src(&info_, bytes.data(), bytes.size());
    jpeg_save_markers(&info_, kExifMarker, 0xffff);
    return jpeg_read_header(&info_, TRUE) == JPEG_HEADER_OK;
  }

  // `row` takes one row of interleaved samples(), `planar` the whole picture.
  bool read_rows(std::uint8_t* row, std::uint8_t* planar) {
    if (setjmp(errors_.resume) != 0) return false;
    info_.out_color_space = gray() ? JCS_GRAYSCALE : inks() ? JCS_CMYK : JCS_RGB;
    info_.dct_method = JDCT_ISLOW;
    progress_.progress_monitor = leave_after_too_many_scans;
    info_.progress = &progress_;
    jpeg_start_decompress(&info_);
    const std::size_t plane = std::size_t{info_.output_height} * info_.output_width;
    while (info_.output_scanline < info_.output_height) {
      std::uint8_t* const to = planar + std::size_t{info_.output_scanline} * info_.output_width;
      JSAMPROW rows = row;
      jpeg_read_scanlines(&info_, &rows, 1);
      place(row, to, plane);
    }
    jpeg_finish_decompress(&info_);
    return true;
  }

  bool gray() const { return info_.jpeg_color_space == JCS_GRAYSCALE; }
  bool inks() const { return info_.jpeg_color_space == JCS_CMYK || info_.jpeg_color_space == JCS_YCCK; }
  bool convertible() const {
    return gray() || inks() || info_.jpeg_color_space == JCS_YCbCr || info_.jpeg_color_space == JCS_RGB;
  }
  int components() const { return info_.num_components; }
  std::size_t samples() const { return gray() ? 1 : inks() ? 4 : 3; }
  // The TIFF header of the EXIF block and what follows; empty if there is none.
  ByteView exif() const {
    for (const jpeg_marker_struct* marker = info_.marker_list; marker != nullptr; marker = marker->next) {
      const ByteView data(marker->data, marker->data_length);
      if (marker->marker == kExifMarker && text_of(data).starts_with(kExifMark)) return data.subspan(kExifMark.size());
    }
    return {};
  }
  std::uint64_t height() const { return info_.image_height; }
  std::uint64_t width() const { return info_.image_width; }
  std::string message() const { return errors_.message.data(); }

 private:
  static constexpr int kExifMarker = JPEG_APP0 + 1;
  static constexpr std::string_view kExifMark{"Exif\0\0", 6};
  static constexpr int kMostScans = 1000;  // of a progressive picture, each of which goes over all of it

  // One row to its place in each plane. Inks are subtracted from white; who writes an Adobe marker stores what is left.
  void place(const std::uint8_t* row, std::uint8_t* to, std::size_t plane) const {
    const std::size_t from = samples(), channels = gray() ? 1 : 3;
    const bool inverted = info_.saw_Adobe_marker != FALSE;
    for (std::size_t x = 0; x < info_.output_width; ++x)
      for (std::size_t channel = 0; channel < channels; ++channel) {
        unsigned value = row[x * from + channel];
        if (from == 4) {
          const unsigned black = row[x * from + 3];
          value = ((inverted ? value * black : (255 - value) * (255 - black)) + 127) / 255;
        }
        to[channel * plane + x] = static_cast<std::uint8_t>(value);
      }
  }

  static void leave_after_too_many_scans(j_common_ptr info) {
    if (reinterpret_cast<jpeg_decompress_struct*>(info)->input_scan_number <= kMostScans) return;
    auto* errors = reinterpret_cast<Errors*>(info->err);
    std::snprintf(errors->message.data(), errors->message.size(), "it has more than %d scans", kMostScans);
    std::longjmp(errors->resume, 1);
  }

  struct Errors {
    jpeg_error_mgr base;  // first: libjpeg knows the whole by this address
    std::jmp_buf resume;
    std::array<char, JMSG_LENGTH_MAX> message;
  };

  [[noreturn]] static void leave(j_common_ptr info) {
    auto* errors = reinterpret_cast<Errors*>(info->err);
    errors->base.format_message(info, errors->message.data());
    std::longjmp(errors->resume, 1);
  }
  // libjpeg warns, and invents the missing pixels, where a picture is damaged or cut off.
  static void leave_on_warning(j_common_ptr info, int level) {
    if (level < 0) leave(info);
  }

  jpeg_decompress_struct info_{};
  jpeg_progress_mgr progress_{};
  Errors errors_{};
};

}  // namespace

Image decode_jpeg(ByteView bytes, const std::string& name) {
  JpegReader reader;
  if (!reader.read_header(bytes)) throw InputError(name + " is a damaged JPEG picture: " + reader.message());
  require_decodable_size(name, reader.height(), reader.width());
  if (!reader.convertible())
    throw InputError(name + " is a JPEG picture with " + std::to_string(reader.components()) +
                     " components; gray, RGB, YCbCr, CMYK or YCCK is expected");
  const ImageShape shape{.channels = reader.gray() ? 1 : 3,
                         .height = static_cast<int>(reader.height()),
                         .width = static_cast<int>(reader.width())};
  const int orientation = exif_orientation(reader.exif());  // libjpeg keeps the block until the pixels are read
  return within_memory(name, 2 * shape.size(), [&] {
    Image image{.shape = shape, .pixels = std::vector<std::uint8_t>(shape.size())};
    std::vector<std::uint8_t> row(reader.width() * reader.samples());
    if (!reader.read_rows(row.data(), image.pixels.data()))
      throw InputError(name + " is a damaged JPEG picture: " + reader.message());
    return upright(std::move(image), orientation);
  });
}

}  // namespace outrider
