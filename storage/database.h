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

#include "storage/log_witness.h"
#include "storage/store.h"

namespace outrider {

// An open RocksDB. Closes when destroyed. Safe to read from any thread while one writes.
class Database {
 public:
  // Creates the database and missing columns; new files are for their owner alone. `env` outlives it. Both throw
  // InputError, also when the database's log is not all there.
  static std::unique_ptr<Database> open(const std::filesystem::path& directory, rocksdb::Env& env);
  // Reads the files as they are now and never writes; every file it needs stays open.
  static std::unique_ptr<Database> open_read_only(const std::filesystem::path& directory, rocksdb::Env& env);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Atomic and synced. After a failure only closing is of use: the log may end in a torn record.
  rocksdb::Status write(const WriteSet& writes);
  // Nothing when the file system does not say. The next open misses what of the log is gone up to here.
  std::optional<LogPosition> log_position();
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
  std::optional<LogWitness> witness_;   // none where it is read only
  std::unique_ptr<rocksdb::Env> disk_;  // likewise
  std::unique_ptr<rocksdb::DB> database_;
  std::array<rocksdb::ColumnFamilyHandle*, kColumns + 1> handles_{};  // the last: RocksDB's default column
};

// Cuts the log files of a closed database back to `end`, so that no write that failed can come back at the next open.
// Throws InputError when a file cannot be cut.
void truncate_log(const std::filesystem::path& directory, LogPosition end);

}  // namespace outrider
