// Networks that grow at an aggregator.
#pragma once

#include <memory>

#include "aggregator/daemon/server_family.h"

namespace outrider::aggregator {

std::unique_ptr<ServerFamily> growing_family();

}  // namespace outrider::aggregator
