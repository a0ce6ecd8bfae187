// Masks of tasks at an aggregator.
#pragma once

#include <memory>

#include "aggregator/daemon/server_family.h"

namespace outrider::aggregator {

std::unique_ptr<ServerFamily> supermask_family();

}  // namespace outrider::aggregator
