#include "storage/rocksdb_store.h"

#include <cassert>
#include <stdexcept>
#include <string>

#include <rocksdb/env.h>

#include "knowledge/error.h"
#include "storage/database.h"
#include "storage/format.h"
#include "storage/reader_gate.h"
#include "storage/store_directory.h"

namespace outrider {
namespace {

// The database behind the gate is open for writing or, after a failed write, for reading until a commit can reopen it.
class RocksDbStore : public Store {
 public:
  RocksDbStore(const std::filesystem::path& directory, rocksdb::Env& env)
      : directory_(directory),
        env_(env),
        database_(Database::open(directory, env)),
        acknowledged_(database_->log_position()) {
    if (!database_->get(Column::meta, bytes_of(kFormatKey)) && database_->empty()) write(format_record());
    require_format(database_->get(Column::meta, bytes_of(kFormatKey)), directory.string());
  }

  void commit(const WriteSet& writes) override {
    assert_keeps_format(writes);
    if (!writable_) reopen();
    if (!writes.empty()) write(writes);
  }

  void purge() override {
    if (!writable_) reopen();
    database_->compact();
    acknowledged_ = database_->log_position();
  }

  std::optional<Bytes> get(Column column, ByteView key) const override {
    const ReaderGate::Pass pass(gate_);
    return open_database().get(column, key);
  }

  void scan(Column column, ByteView prefix, const std::function<void(ByteView, ByteView)>& visit) const override {
    const ReaderGate::Pass pass(gate_);
    open_database().scan(column, prefix, visit);
  }

 private:
  const Database& open_database() const {
    if (!database_)
      throw InputError("the store '" + directory_.path().string() + "' could not be reopened after a failed write");
    return *database_;
  }

  void write(const WriteSet& writes) {
    const rocksdb::Status status = database_->write(writes);
    if (status.ok()) {
      acknowledged_ = database_->log_position();  // all of it is synced
      return;
    }
    const std::string failure = "nothing was written to the store '" + directory_.path().string() + "' (" +
                                status.ToString() + "); free some space or check the disk";
    writable_ = false;
    try {
      reopen();
    } catch (const InputError&) {
      // The caller learns of the write that failed first; the next commit tries to reopen again.
    }
    throw InputError(failure);
  }

  // RocksDB's Resume() would be quicker, but after a failed append to the log it goes on with the broken log file,
  // and may abort the process, when nothing waits to be flushed. Opening again always starts a new one.
  // Throws InputError when the database cannot be opened for writing; it is then open for reading if at all possible.
  void reopen() {
    gate_.exclusive([this] {
      database_.reset();
      try {
        if (acknowledged_) truncate_log(directory_.path(), *acknowledged_);
        database_ = Database::open(directory_.path(), env_);
        acknowledged_ = database_->log_position();
        writable_ = true;
      } catch (const InputError&) {
        database_ = Database::open_read_only(directory_.path(), env_);
        throw;
      }
    });
  }

  StoreDirectory directory_;
  rocksdb::Env& env_;
  std::unique_ptr<Database> database_;       // changes only inside gate_.exclusive
  std::optional<LogPosition> acknowledged_;  // the end of the last commit
  bool writable_ = true;
  mutable ReaderGate gate_;
};

class ReadOnlyRocksDbStore : public Store {
 public:
  explicit ReadOnlyRocksDbStore(const std::filesystem::path& directory)
      : database_(Database::open_read_only(directory, *rocksdb::Env::Default())) {
    require_format(database_->get(Column::meta, bytes_of(kFormatKey)), directory.string());
  }

  void commit(const WriteSet& /*writes*/) override {
    assert(!"a read-only store takes no commits");
    throw std::logic_error("commit to a store that was opened read-only");
  }

  std::optional<Bytes> get(Column column, ByteView key) const override { return database_->get(column, key); }

  void scan(Column column, ByteView prefix, const std::function<void(ByteView, ByteView)>& visit) const override {
    database_->scan(column, prefix, visit);
  }

 private:
  std::unique_ptr<Database> database_;
};

}  // namespace

std::unique_ptr<Store> open_store(const std::filesystem::path& directory, rocksdb::Env& env) {
  return std::make_unique<RocksDbStore>(directory, env);
}

std::unique_ptr<Store> open_store(const std::filesystem::path& directory) {
  return open_store(directory, *rocksdb::Env::Default());
}

std::unique_ptr<Store> open_store_read_only(const std::filesystem::path& directory) {
  return std::make_unique<ReadOnlyRocksDbStore>(directory);
}

}  // namespace outrider
