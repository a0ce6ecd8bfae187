#include "storage/format.h"

#include <algorithm>
#include <cassert>

#include "knowledge/error.h"

namespace outrider {

WriteSet format_record() {
  const ByteView key = bytes_of(kFormatKey);
  const ByteView version = bytes_of(kFormatVersion);
  WriteSet writes;
  writes.put(Column::meta, {key.begin(), key.end()}, {version.begin(), version.end()});
  return writes;
}

void require_format(const std::optional<Bytes>& stored, const std::string& where) {
  if (!stored) throw InputError("'" + where + "' holds a RocksDB database that is not an Outrider store");
  if (text_of(*stored) != kFormatVersion)
    throw InputError("the store '" + where + "' has format version " + std::string(text_of(*stored)) +
                     ", but this version of Outrider reads format version " + std::string(kFormatVersion));
}

void assert_keeps_format([[maybe_unused]] const WriteSet& writes) {
  assert(std::ranges::none_of(writes.operations, [](const WriteSet::Operation& operation) {
    return operation.column == Column::meta && text_of(operation.key) == kFormatKey;
  }));
}

}  // namespace outrider
