#include "knowledge/whole_file.h"

#include <atomic>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "knowledge/error.h"
#include "knowledge/utf8.h"

namespace outrider {
namespace {

namespace fs = std::filesystem;

constexpr int kAttempts = 100;     // at a name that nobody has
constexpr mode_t kAnybody = 0666;  // whom the umask lets
constexpr mode_t kOwner = 0600;

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) = delete;

  bool open() const { return number_ >= 0; }
  int number() const { return number_; }
  bool close() { return ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

std::string reason_of(int error) {
  return std::generic_category().message(error);
}

[[noreturn]] void refuse_to_write(const fs::path& file, const std::string& reason) {
  throw InputError("the file " + shown(file) + " cannot be written: " + reason);
}

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

void require_place(const fs::path& file) {
  std::error_code error;
  const fs::file_type type = fs::status(file, error).type();
  if (!file.has_filename() || type == fs::file_type::directory) refuse_to_write(file, "that is a folder");
  if (type != fs::file_type::not_found && type != fs::file_type::regular && type != fs::file_type::none)
    refuse_to_write(file, "that is no regular file");
  const fs::path folder = folder_of(file);
  const fs::file_type above = fs::status(folder, error).type();
  if (above == fs::file_type::not_found)
    refuse_to_write(file, reason_of(ENOENT) + ": there is no folder " + shown(folder));
  if (above != fs::file_type::directory && above != fs::file_type::none)
    refuse_to_write(file, shown(folder) + " is no folder");
}

bool write_all(const Descriptor& to, ByteView content) {
  while (!content.empty()) {
    const ssize_t written = ::write(to.number(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content = content.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

void write_through(const fs::path& stream, ByteView content) {
  const Descriptor descriptor(::open(stream.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC));
  if (!descriptor.open() || !write_all(descriptor, content)) refuse_to_write(stream, reason_of(errno));
}

// A new hidden file beside the one that it is to replace; gone again unless it was renamed.
class Draft {
 public:
  explicit Draft(const fs::path& target, mode_t mode = kAnybody) : target_(target) {
    static std::atomic<unsigned> count = 0;
    require_place(target);
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      name_ = folder_of(target) / (".outrider-" + std::to_string(::getpid()) + "-" + std::to_string(++count) + ".tmp");
      const int number = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
      if (number >= 0) {
        descriptor_.emplace(number);
        return;
      }
      if (errno != EEXIST) break;
    }
    fail();
  }
  ~Draft() {
    if (!renamed_) ::unlink(name_.c_str());
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  void write(ByteView content) {
    if (!write_all(*descriptor_, content)) fail();
  }

  void sync() {
    if (::fsync(descriptor_->number()) != 0) fail();
  }

  void rename() {
    if (!descriptor_->close() || ::rename(name_.c_str(), target_.c_str()) != 0) fail();
    renamed_ = true;
  }

 private:
  [[noreturn]] void fail() const { refuse_to_write(target_, reason_of(errno)); }

  const fs::path& target_;
  fs::path name_;
  std::optional<Descriptor> descriptor_;
  bool renamed_ = false;
};

void write_with_mode(const fs::path& file, ByteView content, mode_t mode) {
  if (is_stream(file)) return write_through(file, content);
  Draft draft(file, mode);
  draft.write(content);
  draft.sync();
  draft.rename();
  sync_folder(folder_of(file));
}

}  // namespace

std::string shown(const fs::path& file) {
  constexpr std::size_t kLongest = 600;  // bytes
  return utf8::printable(file.native(), kLongest);
}

void replace_file(const fs::path& file, ByteView content) {
  if (is_stream(file)) return write_through(file, content);
  Draft draft(file);
  draft.write(content);
  draft.rename();
}

void write_durably(const fs::path& file, ByteView content) {
  write_with_mode(file, content, kAnybody);
}

void write_privately(const fs::path& file, ByteView content) {
  write_with_mode(file, content, kOwner);
}

bool is_stream(const fs::path& file) {
  std::error_code error;
  const fs::file_type type = fs::status(file, error).type();
  return type == fs::file_type::character || type == fs::file_type::fifo;
}

void require_new(const fs::path& file, bool may_replace) {
  std::error_code error;
  if (may_replace || is_stream(file) || !fs::exists(fs::symlink_status(file, error))) return;
  throw InputError(shown(file) + " is there already; --replace overwrites it");
}

void require_writable(const fs::path& file) {
  if (is_stream(file)) {
    if (::access(file.c_str(), W_OK) != 0) refuse_to_write(file, reason_of(errno));
    return;
  }
  const Draft draft(file);
}

Bytes read_file(const fs::path& file, std::uint64_t limit) {
  // What is not regular could make open() or read() wait for ever.
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!descriptor.open()) {
    if (errno == ENOENT) throw InputError(shown(file) + " does not exist");
    if (errno == ENXIO) throw InputError(shown(file) + " is no regular file");  // a socket
    throw InputError(shown(file) + " cannot be opened for reading: " + reason_of(errno));
  }
  struct stat state {};
  if (::fstat(descriptor.number(), &state) != 0 || !S_ISREG(state.st_mode))
    throw InputError(shown(file) + " is no regular file");
  const auto size = static_cast<std::uint64_t>(state.st_size);
  if (size > limit)
    throw InputError(shown(file) + " has " + std::to_string(size) + " bytes; at most " + std::to_string(limit) +
                     " are read");
  Bytes bytes(size);
  for (std::size_t done = 0; done < size;) {
    const ssize_t got = ::read(descriptor.number(), bytes.data() + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw InputError(shown(file) + " cannot be read: " + reason_of(errno));
    if (got == 0) throw InputError(shown(file) + " cannot be read to its end");
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

std::string content_of_file(const fs::path& file, std::uint64_t limit) {
  try {
    return std::string(text_of(read_file(file, limit)));
  } catch (const InputError&) {
    return {};
  }
}

void sync_folder(const fs::path& folder) {
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor.open() || ::fsync(descriptor.number()) != 0)
    throw InputError("cannot sync the directory '" + shown(folder) + "': " + reason_of(errno));
}

}  // namespace outrider
