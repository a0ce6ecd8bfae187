#include "client/daemon/traffic_record.h"

namespace outrider::client {
namespace {

Bytes traffic_name() {
  return to_bytes("traffic");
}

}  // namespace

TrafficRecord load_traffic(const Store& store) {
  const auto record = store.get(Column::meta, traffic_name());
  if (!record) return {};
  return {number_in_key(*record), number_in_key(*record, sizeof(std::uint64_t))};
}

void save_traffic(Store& store, const TrafficRecord& traffic) {
  WriteSet writes;
  writes.put(Column::meta, traffic_name(), key_of(key_of(traffic.sent), traffic.received));
  store.commit(writes);
}

}  // namespace outrider::client
