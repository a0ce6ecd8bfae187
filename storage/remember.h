// Values that are made once and then kept, for example a key pair.
#pragma once

#include <functional>
#include <string_view>

#include "storage/store.h"

namespace outrider {

// The value of this name in the column "meta"; made and durably kept if there is none yet. Throws InputError when it
// cannot be kept.
Bytes remember(Store& store, std::string_view name, const std::function<Bytes()>& make);

}  // namespace outrider
