// Who an aggregator is.
#pragma once

#include "protocol/keys.h"
#include "storage/store.h"

namespace outrider::aggregator {

// The keys of the state; made and kept where it has none.
protocol::KeyPair identity(Store& store);

}  // namespace outrider::aggregator
