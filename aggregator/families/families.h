// The families of learners that this program's aggregators serve.
#pragma once

#include <memory>

#include "aggregator/daemon/server_family.h"

namespace outrider::aggregator {

// New ones, with their options as they are by default.
std::shared_ptr<ServerFamilies> known_families();

}  // namespace outrider::aggregator
