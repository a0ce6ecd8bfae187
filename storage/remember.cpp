#include "storage/remember.h"

namespace outrider {

Bytes remember(Store& store, Column column, const Bytes& key, const std::function<Bytes()>& make) {
  if (auto kept = store.get(column, key)) return *std::move(kept);
  Bytes made = make();
  WriteSet writes;
  writes.put(column, key, made);
  store.commit(writes);
  return made;
}

}  // namespace outrider
