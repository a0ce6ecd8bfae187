// Rounds of training a model at an aggregator.
#pragma once

#include <memory>

#include "aggregator/daemon/server_family.h"

namespace outrider::aggregator {

std::unique_ptr<ServerFamily> averaging_family();

}  // namespace outrider::aggregator
