#include "learners/data/image.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "knowledge/error.h"
#include "learners/data/codecs.h"
#include "learners/data/file_tree.h"
#include "learners/data/limits.h"

namespace outrider {
namespace {

constexpr std::array<std::uint8_t, 8> kPngSignature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr std::array<std::uint8_t, 3> kJpegSignature{0xff, 0xd8, 0xff};

bool starts_with(ByteView bytes, ByteView signature) {
  return bytes.size() >= signature.size() && std::equal(signature.begin(), signature.end(), bytes.begin());
}

// A new file beside its final place; removed again unless it was renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& target)
      : name_((target.parent_path() / std::string(".").append(target.filename().native()).append(".XXXXXX")).string()),
        descriptor_(::mkstemp(name_.data())) {
    if (descriptor_ < 0) fail(target);
  }
  ~TemporaryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!renamed_) ::unlink(name_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(ByteView bytes, const std::filesystem::path& target) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail(target);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
  }

  void rename_to(const std::filesystem::path& target) {
    // mkstemp makes files private to their owner; pictures are no secret.
    if (::fchmod(descriptor_, 0644) != 0) fail(target);
    if (::close(std::exchange(descriptor_, -1)) != 0) fail(target);
    if (::rename(name_.c_str(), target.c_str()) != 0) fail(target);
    renamed_ = true;
  }

 private:
  [[noreturn]] static void fail(const std::filesystem::path& target) {
    throw InputError(target.string() + " cannot be written: " + std::system_category().message(errno));
  }

  std::string name_;
  int descriptor_;
  bool renamed_ = false;
};

}  // namespace

Image decode_image(ByteView bytes, const std::string& name) {
  if (starts_with(bytes, kPngSignature)) return decode_png(bytes, name);
  if (starts_with(bytes, kJpegSignature)) return decode_jpeg(bytes, name);
  throw InputError(name + " is neither a PNG nor a JPEG picture");
}

Image load_image(const std::filesystem::path& path) {
  return decode_image(read_file(path, kMaxPictureFile), path.string());
}

void save_png(const std::filesystem::path& path, const ImageShape& shape, std::span<const std::uint8_t> pixels) {
  const Bytes png = encode_png(shape, pixels);
  TemporaryFile file(path);
  file.write(png, path);
  file.rename_to(path);
}

}  // namespace outrider
