// Who an aggregator is.
#pragma once

#include "protocol/keys.h"
#include "storage/store.h"

namespace outrider::aggregator {

// The keys of the state; made and kept where it has none.
protocol::KeyPair identity(Store& store);

// Who it is, to its families.
struct Self {
  ClientId id;
  Digest secret;  // that nobody else knows, and the same after a restart
};
Self self_of(const protocol::KeyPair& keys);

}  // namespace outrider::aggregator
