// Values that are made once and then kept, for example a key pair.
#pragma once

#include <functional>

#include "storage/store.h"

namespace outrider {

// The value under `key`; made and durably kept if there is none yet. Throws InputError when it cannot be kept.
Bytes remember(Store& store, Column column, const Bytes& key, const std::function<Bytes()>& make);

}  // namespace outrider
