#include "storage/database_options.h"

#include <cstdarg>
#include <memory>

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>

#include "storage/descriptors.h"
#include "storage/store.h"

namespace outrider {
namespace {

constexpr std::size_t kWriteBuffer = 2u << 20;       // of one column, bytes
constexpr std::size_t kAllWriteBuffers = 16u << 20;  // bytes
constexpr std::size_t kBlockCache = 8u << 20;        // bytes, for all columns
constexpr std::uint64_t kLog = 16u << 20;            // bytes of write-ahead log that an open replays at most

// No LOG file: a reader would rename the writer's, and on a full disk writing to it aborts the process in builds of
// RocksDB with assertions (Debian's). Errors reach us as Status.
class NoLog : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, std::va_list /*arguments*/) override {}
};

// RocksDB's own recovery polls a full disk every five seconds and stands in the way of ours meanwhile.
class NoAutomaticRecovery : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status /*error*/,
                            bool* automatic) override {
    *automatic = false;
  }
};

rocksdb::DBOptions shared_options(rocksdb::Env& env) {
  rocksdb::DBOptions options;
  options.env = &env;
  options.info_log = std::make_shared<NoLog>();
  // kill -9 can only tear the last record. The default mode would also open when acknowledged records before it are
  // damaged, and drop them without a word.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.skip_stats_update_on_db_open = true;
  options.max_file_opening_threads = 1;  // the default starts 16 threads at every open
  return options;
}

}  // namespace

rocksdb::DBOptions database_options(rocksdb::Env& env) {
  rocksdb::DBOptions options = shared_options(env);
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.listeners = {std::make_shared<NoAutomaticRecovery>()};
  options.max_open_files = most_open_tables(descriptor_limit());
  options.max_background_jobs = 2;
  options.db_write_buffer_size = kAllWriteBuffers;
  options.max_total_wal_size = kLog;
  options.manifest_preallocation_size = 64u << 10;
  return options;
}

rocksdb::DBOptions read_only_options(rocksdb::Env& env) {
  rocksdb::DBOptions options = shared_options(env);
  options.max_open_files = -1;  // opens every table now, so that the writer may delete them
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> column_families() {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(kBlockCache);
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = kWriteBuffer;
  options.arena_block_size = 64u << 10;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (std::size_t i = 0; i < kColumns; ++i) families.emplace_back(std::string(name(static_cast<Column>(i))), options);
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, options);
  return families;
}

}  // namespace outrider
