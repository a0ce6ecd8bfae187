// Networks that grow at a client: its definitions are growing tasks.
#pragma once

#include <memory>

#include "client/client_family.h"

namespace outrider::client {

std::unique_ptr<ClientFamily> growing_family();

}  // namespace outrider::client
