#include <array>
#include <cassert>
#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>

#include "knowledge/error.h"
#include "learners/data/codecs.h"
#include "learners/data/limits.h"

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
    return jpeg_read_header(&info_, TRUE) == JPEG_HEADER_OK;
  }

  bool read_rows(std::uint8_t* interleaved, std::size_t row_bytes) {
    if (setjmp(errors_.resume) != 0) return false;
    info_.out_color_space = gray() ? JCS_GRAYSCALE : JCS_RGB;
    info_.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&info_);
    while (info_.output_scanline < info_.output_height) {
      JSAMPROW row = interleaved + info_.output_scanline * row_bytes;
      jpeg_read_scanlines(&info_, &row, 1);
    }
    jpeg_finish_decompress(&info_);
    return true;
  }

  bool gray() const { return info_.jpeg_color_space == JCS_GRAYSCALE; }
  bool convertible() const {
    return gray() || info_.jpeg_color_space == JCS_YCbCr || info_.jpeg_color_space == JCS_RGB;
  }
  std::uint64_t height() const { return info_.image_height; }
  std::uint64_t width() const { return info_.image_width; }
  std::string message() const { return errors_.message.data(); }

 private:
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
  Errors errors_{};
};

}  // namespace

Image decode_jpeg(ByteView bytes, const std::string& name) {
  JpegReader reader;
  if (!reader.read_header(bytes)) throw InputError(name + " is a damaged JPEG picture: " + reader.message());
  require_sane_size(name, reader.height(), reader.width());
  if (!reader.convertible()) throw InputError(name + " is a JPEG picture in CMYK; gray or RGB is expected");

  Image image{.shape = {.channels = reader.gray() ? 1 : 3,
                        .height = static_cast<int>(reader.height()),
                        .width = static_cast<int>(reader.width())},
              .pixels = {}};
  std::vector<std::uint8_t> interleaved(image.shape.size());
  const std::size_t row_bytes = interleaved.size() / reader.height();
  if (!reader.read_rows(interleaved.data(), row_bytes))
    throw InputError(name + " is a damaged JPEG picture: " + reader.message());
  if (image.shape.channels == 1) {
    image.pixels = std::move(interleaved);
  } else {
    image.pixels.resize(interleaved.size());
    to_planar(interleaved, image.shape, image.pixels);
  }
  return image;
}

}  // namespace outrider
