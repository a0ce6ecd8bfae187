// Masks of tasks at a client: its definitions are base networks.
#pragma once

#include <memory>

#include "client/client_family.h"

namespace outrider::client {

std::unique_ptr<ClientFamily> supermask_family();

}  // namespace outrider::client
