// RocksDB as this library uses it: one database, our columns, errors as InputError. Private to storage/.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <rocksdb/db.h>

#include "storage/store.h"

namespace outrider {

// How far the write-ahead log reached after a commit: what lies beyond was never acknowledged.
struct LogPosition {
  std::uint64_t file = 0;  // its number
  std::uint64_t size = 0;  // bytes
};

// An open RocksDB. Closes when destroyed. Safe to read from any thread while one writes.
class Database {
 public:
  // Creates the database and missing columns. `env` outlives it. Both throw InputError.
  static std::unique_ptr<Database> open(const std::filesystem::path& directory, rocksdb::Env& env);
  // Reads the files as they are now and never writes; every file it needs stays open.
  static std::unique_ptr<Database> open_read_only(const std::filesystem::path& directory, rocksdb::Env& env);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Atomic and synced. After a failure only closing is of use: the log may end in a torn record.
  rocksdb::Status write(const WriteSet& writes);
  // Nothing when the file system does not say.
  std::optional<LogPosition> log_position() const;
  // Writes all columns anew, without what was erased or replaced, and begins a new log.
  void compact();
  std::optional<Bytes> get(Column column, ByteView key) const;
  void scan(Column column, ByteView prefix, const std::function<void(ByteView, ByteView)>& visit) const;
  // Whether nothing was ever written to any column, RocksDB's default one included.
  bool empty() const;

 private:
  explicit Database(std::filesystem::path directory) : directory_(std::move(directory)) {}
  void adopt(rocksdb::DB* database, const std::vector<rocksdb::ColumnFamilyHandle*>& handles);
  rocksdb::ColumnFamilyHandle* handle(Column column) const { return handles_[static_cast<std::size_t>(column)]; }
  // Throws InputError unless ok.
  void require(const rocksdb::Status& status) const;

  std::filesystem::path directory_;
  std::unique_ptr<rocksdb::DB> database_;
  std::array<rocksdb::ColumnFamilyHandle*, kColumns + 1> handles_{};  // the last: RocksDB's default column
};

// Cuts the log files of a closed database back to `end`, so that no write that failed can come back at the next open.
// Throws InputError when a file cannot be cut.
void truncate_log(const std::filesystem::path& directory, LogPosition end);

}  // namespace outrider
