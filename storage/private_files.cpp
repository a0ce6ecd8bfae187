#include "storage/private_files.h"

#include <cerrno>
#include <cstring>

#include <sys/stat.h>

#include "knowledge/error.h"

namespace outrider {
namespace {

rocksdb::IOStatus make_private(const std::string& path) {
  if (::chmod(path.c_str(), S_IRUSR | S_IWUSR) == 0) return rocksdb::IOStatus::OK();
  return rocksdb::IOStatus::IOError("cannot keep " + path + " private", std::strerror(errno));
}

}  // namespace

rocksdb::IOStatus PrivateFiles::NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                                std::unique_ptr<rocksdb::FSWritableFile>* result,
                                                rocksdb::IODebugContext* context) {
  rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(path, options, result, context);
  if (status.ok()) status = make_private(path);
  if (!status.ok() || !path.ends_with(".log")) return status;
  try {
    on_log_(path);
  } catch (const InputError& error) {
    result->reset();
    return rocksdb::IOStatus::IOError(error.what());
  }
  return status;
}

rocksdb::IOStatus PrivateFiles::ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                                   std::unique_ptr<rocksdb::FSWritableFile>* result,
                                                   rocksdb::IODebugContext* context) {
  const rocksdb::IOStatus status = FileSystemWrapper::ReopenWritableFile(path, options, result, context);
  return status.ok() ? make_private(path) : status;
}

rocksdb::IOStatus PrivateFiles::LockFile(const std::string& path, const rocksdb::IOOptions& options,
                                         rocksdb::FileLock** lock, rocksdb::IODebugContext* context) {
  const rocksdb::IOStatus status = FileSystemWrapper::LockFile(path, options, lock, context);
  return status.ok() ? make_private(path) : status;
}

}  // namespace outrider
