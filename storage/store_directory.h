// The directory of a store, created durably and held by one owner at a time.
#pragma once

#include <filesystem>

namespace outrider {

// Holds an advisory lock until destroyed; the kernel drops it with the process, so kill -9 leaves none behind.
// RocksDB's own lock would not do: it is free for a moment while a store reopens after a failed write.
class StoreDirectory {
 public:
  // Creates the directory and what is missing above it. Only its owner may enter it then and read what lies in it,
  // whatever was allowed before. Throws InputError when that fails, when it belongs to another user, or when it is held
  // already, by another process or by this one.
  explicit StoreDirectory(std::filesystem::path path);
  ~StoreDirectory();
  StoreDirectory(const StoreDirectory&) = delete;
  StoreDirectory& operator=(const StoreDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  int lock_;  // file descriptor
};

}  // namespace outrider
