#include "storage/store_directory.h"

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "knowledge/error.h"
#include "knowledge/whole_file.h"

namespace outrider {
namespace {

constexpr const char* kLockName = "outrider.lock";

std::string reason(int error) {
  return std::generic_category().message(error);
}

void create_durably(const std::filesystem::path& directory) {
  if (std::filesystem::is_directory(directory)) return;
  const std::filesystem::path parent = directory.parent_path();
  if (parent != directory) create_durably(parent);
  std::filesystem::create_directory(directory);
  sync_folder(parent);
}

// What lies there may have been made by anybody, with access for anybody; it holds, or will hold, a secret key.
void keep_private(const std::filesystem::path& directory) {
  struct stat state {};
  if (::stat(directory.c_str(), &state) != 0)
    throw InputError("cannot look at the store's directory '" + directory.string() + "': " + reason(errno));
  if (state.st_uid != ::geteuid())
    throw InputError("the store's directory '" + directory.string() + "' belongs to another user (" +
                     std::to_string(state.st_uid) +
                     "), who could read its secret key: run this as that user, or "
                     "choose another directory");
  const auto restrict = [](const std::filesystem::path& path, mode_t mode) {
    if (::chmod(path.c_str(), mode) != 0)
      throw InputError("cannot keep '" + path.string() + "' private: " + reason(errno));
  };
  restrict(directory, S_IRWXU);  // first: from here on nobody else comes by
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (!entry.is_symlink() && entry.is_regular_file()) restrict(entry.path(), S_IRUSR | S_IWUSR);
  }
}

}  // namespace

StoreDirectory::StoreDirectory(std::filesystem::path path) : path_(std::move(path)) {
  try {
    const std::filesystem::path whole = std::filesystem::absolute(path_).lexically_normal();
    const std::filesystem::path directory = whole.has_filename() ? whole : whole.parent_path();  // "store/" is "store"
    create_durably(directory);
    keep_private(directory);
  } catch (const std::filesystem::filesystem_error& error) {
    throw InputError("cannot create the store's directory '" + path_.string() + "': " + error.code().message());
  }
  const std::filesystem::path file = path_ / kLockName;
  lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0) throw InputError("cannot open the lock file '" + file.string() + "': " + reason(errno));
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    ::close(lock_);
    if (error == EWOULDBLOCK)
      throw InputError("the store '" + path_.string() +
                       "' is in use by another process; stop that one or choose another directory");
    throw InputError("cannot lock the store '" + path_.string() + "': " + reason(error));
  }
}

StoreDirectory::~StoreDirectory() {
  ::close(lock_);
}

}  // namespace outrider
