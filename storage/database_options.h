// How RocksDB is set up: modest memory, no log file of its own, strict about corruption. Private to storage/.
#pragma once

#include <string>
#include <vector>

#include <rocksdb/db.h>

namespace outrider {

rocksdb::DBOptions database_options(rocksdb::Env& env);
rocksdb::DBOptions read_only_options(rocksdb::Env& env);
// Our columns in the order of Column, then RocksDB's default one, which must be opened too and stays empty.
std::vector<rocksdb::ColumnFamilyDescriptor> column_families();

}  // namespace outrider
