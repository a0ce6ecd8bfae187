#include "learners/data/idx.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

#include <zlib.h>

#include "knowledge/error.h"
#include "learners/data/file_tree.h"
#include "learners/data/limits.h"

namespace outrider {
namespace {

constexpr std::uint32_t kImagesMagic = 0x00000803;  // unsigned bytes, three dimensions
constexpr std::uint32_t kLabelsMagic = 0x00000801;  // unsigned bytes, one dimension

std::string hex(std::uint32_t number) {
  std::array<char, 11> text{};
  std::snprintf(text.data(), text.size(), "0x%08x", number);
  return text.data();
}

class IdxFile {
 public:
  IdxFile(const std::filesystem::path& path, std::uint32_t magic) : name_(path.string()) {
    if (existing_type(path) != std::filesystem::file_type::regular) throw InputError(name_ + " is no regular file");
    packed_ = std::filesystem::file_size(path);
    file_.reset(::gzopen(path.c_str(), "rb"));
    if (!file_) throw InputError(name_ + " cannot be opened for reading");
    ::gzbuffer(file_.get(), 1u << 17);
    if (const std::uint32_t found = number(); found != magic)
      throw InputError(name_ + " is no IDX file of this kind: it starts with " + hex(found) + " instead of " +
                       hex(magic));
  }

  const std::string& name() const { return name_; }

  // Before there is memory for it: whether the file can hold as many bytes as its header says.
  void require_plausible(std::uint64_t size) const {
    if (::gzdirect(file_.get()) == 0) return require_sane_expansion(name_, size, packed_);
    if (size > packed_) refuse_as_truncated();
  }

  std::uint32_t number() {  // big-endian
    std::array<std::uint8_t, 4> b{};
    read(b);
    return std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3];
  }

  void read(std::span<std::uint8_t> bytes) {
    while (!bytes.empty()) {
      const auto part = static_cast<unsigned>(std::min<std::size_t>(bytes.size(), 1u << 24));
      const int got = ::gzread(file_.get(), bytes.data(), part);
      require_undamaged();
      if (got <= 0) refuse_as_truncated();
      bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
  }

  void require_end() {
    std::uint8_t beyond = 0;
    const int got = ::gzread(file_.get(), &beyond, 1);
    require_undamaged();
    if (got != 0) throw InputError(name_ + " goes on after the data that its header promises");
  }

 private:
  struct Close {
    void operator()(gzFile_s* file) const { ::gzclose_r(file); }
  };

  [[noreturn]] void refuse_as_truncated() const {
    throw InputError(name_ + " is truncated: it ends before the data that its header promises");
  }

  void require_undamaged() const {
    int code = Z_OK;
    const char* reason = ::gzerror(file_.get(), &code);
    if (code == Z_BUF_ERROR) throw InputError(name_ + " is truncated: its compressed data breaks off");
    if (code != Z_OK && code != Z_STREAM_END) throw InputError(name_ + " is damaged: " + reason);
  }

  std::string name_;
  std::uint64_t packed_ = 0;  // bytes on disk
  std::unique_ptr<gzFile_s, Close> file_;
};

// Grows with what the file really holds, so that a header that lies about its count takes no memory: what is reserved
// is not used before.
std::vector<std::uint8_t> read_growing(IdxFile& file, std::uint64_t size) {
  constexpr std::uint64_t kStep = 16u << 20;
  std::vector<std::uint8_t> bytes;
  bytes.reserve(size);
  for (std::uint64_t done = 0; done < size; done = bytes.size()) {
    const std::uint64_t part = std::min(kStep, size - done);
    bytes.resize(done + part);
    file.read(std::span(bytes).subspan(done));
  }
  file.require_end();
  return bytes;
}

std::vector<std::string> digits() {
  return {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
}

}  // namespace

Dataset load_idx(const std::filesystem::path& images, const std::filesystem::path& labels,
                 std::vector<std::string> class_names) {
  Dataset data;
  data.classes = class_names.empty() ? digits() : std::move(class_names);

  IdxFile image_file(images, kImagesMagic);
  const std::uint32_t count = image_file.number();
  const std::uint32_t height = image_file.number();
  const std::uint32_t width = image_file.number();
  require_sane_size(image_file.name(), height, width);
  data.shape = {.channels = 1, .height = static_cast<int>(height), .width = static_cast<int>(width)};
  require_sane_total(image_file.name(), count, data.shape);
  image_file.require_plausible(count * data.shape.size());

  IdxFile label_file(labels, kLabelsMagic);
  if (const std::uint32_t label_count = label_file.number(); label_count != count)
    throw InputError(image_file.name() + " holds " + std::to_string(count) + " pictures but " + label_file.name() +
                     " holds " + std::to_string(label_count) + " labels");
  if (count == 0) throw InputError(image_file.name() + " holds no pictures");

  data.pixels = within_memory(image_file.name(), count * data.shape.size(),
                              [&] { return read_growing(image_file, count * data.shape.size()); });
  const std::vector<std::uint8_t> raw_labels = read_growing(label_file, count);
  data.labels.assign(raw_labels.begin(), raw_labels.end());
  const std::uint32_t largest = *std::max_element(data.labels.begin(), data.labels.end());
  if (largest >= data.classes.size())
    throw InputError(label_file.name() + " holds the label " + std::to_string(largest) + "; labels from 0 to " +
                     std::to_string(data.classes.size() - 1) + " are expected");
  return data;
}

}  // namespace outrider
