// Who an aggregator is.
#pragma once

#include <optional>

#include "protocol/keys.h"
#include "storage/store.h"

namespace outrider::aggregator {

// The keys of the state; made and kept where it has none.
protocol::KeyPair identity(Store& store);
// Those; nothing where it has none.
std::optional<protocol::KeyPair> stored_identity(const Store& store);
// Whether it is an aggregator's state, to which somebody has come or that has published something; a client's has met
// an aggregator before it has anything like that.
bool is_aggregators(const Store& store);

// Who it is, to its families.
struct Self {
  ClientId id;
  Digest secret;  // that nobody else knows, and the same after a restart
};
Self self_of(const protocol::KeyPair& keys);

}  // namespace outrider::aggregator
