// Rounds of training a model at a client: its definitions are learning tasks.
#pragma once

#include <memory>

#include "client/client_family.h"

namespace outrider::client {

std::unique_ptr<ClientFamily> averaging_family();

}  // namespace outrider::client
