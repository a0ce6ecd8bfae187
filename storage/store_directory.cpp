#include "storage/store_directory.h"

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "knowledge/error.h"

namespace outrider {
namespace {

constexpr const char* kLockName = "outrider.lock";

std::string reason(int error) {
  return std::generic_category().message(error);
}

// Makes the entries of `directory` survive a power cut.
void sync_entries(const std::filesystem::path& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (!synced) throw InputError("cannot sync the directory '" + directory.string() + "': " + reason(error));
}

void create_durably(const std::filesystem::path& directory) {
  if (std::filesystem::is_directory(directory)) return;
  const std::filesystem::path parent = directory.parent_path();
  if (parent != directory) create_durably(parent);
  std::filesystem::create_directory(directory);
  sync_entries(parent);
}

}  // namespace

StoreDirectory::StoreDirectory(std::filesystem::path path) : path_(std::move(path)) {
  try {
    const std::filesystem::path whole = std::filesystem::absolute(path_).lexically_normal();
    const std::filesystem::path directory = whole.has_filename() ? whole : whole.parent_path();  // "store/" is "store"
    const bool is_new = !std::filesystem::is_directory(directory);
    create_durably(directory);
    if (is_new)
      std::filesystem::permissions(directory, std::filesystem::perms::owner_all);  // it will hold a secret key
  } catch (const std::filesystem::filesystem_error& error) {
    throw InputError("cannot create the store's directory '" + path_.string() + "': " + error.code().message());
  }
  const std::filesystem::path file = path_ / kLockName;
  lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
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
