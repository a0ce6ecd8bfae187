#include "storage/remember.h"

namespace outrider {

Bytes remember(Store& store, std::string_view name, const std::function<Bytes()>& make) {
  const Bytes key(name.begin(), name.end());
  if (auto kept = store.get(Column::meta, key)) return *std::move(kept);
  Bytes made = make();
  WriteSet writes;
  writes.put(Column::meta, key, made);
  store.commit(writes);
  return made;
}

}  // namespace outrider
