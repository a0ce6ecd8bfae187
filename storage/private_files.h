// A file system for RocksDB whose new files are for their owner alone: they hold a secret key. Private to storage/.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <rocksdb/file_system.h>

namespace outrider {

// Whatever the process's umask is. Calls on_log(path) when a write-ahead log was created; if that throws InputError,
// creating the file has failed.
class PrivateFiles : public rocksdb::FileSystemWrapper {
 public:
  PrivateFiles(const std::shared_ptr<rocksdb::FileSystem>& disk, std::function<void(const std::string& path)> on_log)
      : FileSystemWrapper(disk), on_log_(std::move(on_log)) {}
  const char* Name() const override { return "PrivateFiles"; }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* result,
                                       rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus LockFile(const std::string& path, const rocksdb::IOOptions& options, rocksdb::FileLock** lock,
                             rocksdb::IODebugContext* context) override;

 private:
  std::function<void(const std::string& path)> on_log_;
};

}  // namespace outrider
