// The families of learners that this program's clients know.
#pragma once

#include <memory>

#include "client/client_family.h"

namespace outrider::client {

// New ones, with their options as they are by default.
std::shared_ptr<ClientFamilies> known_families();

}  // namespace outrider::client
