#include "storage/versions.h"

#include <rocksdb/version.h>

namespace outrider {

std::vector<Fact> versions_of_storage() {
  return {{"RocksDB", rocksdb::GetRocksVersionAsString()}};
}

}  // namespace outrider
