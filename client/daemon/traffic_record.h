// How much a client has sent and received over all its runs, kept at each clean stop.
#pragma once

#include <cstdint>

#include "storage/store.h"

namespace outrider::client {

// In bytes of protocol frames.
struct TrafficRecord {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
};

// Nothing yet: zeros.
TrafficRecord load_traffic(const Store& store);
void save_traffic(Store& store, const TrafficRecord& traffic);

}  // namespace outrider::client
