// Prototypes of classes at a client: its definitions are encoders.
#pragma once

#include <memory>

#include "client/client_family.h"

namespace outrider::client {

std::unique_ptr<ClientFamily> prototypical_family();

}  // namespace outrider::client
