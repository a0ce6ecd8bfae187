// Under which addresses others reach what listens on every interface of this machine.
#pragma once

#include <vector>

#include "protocol/address.h"

namespace outrider::protocol {

// The best one first: of the interface that leads out, then the other ones that are up, this machine's own last.
// An address that is no wildcard is itself. Never empty.
std::vector<Address> reachable_as(const Address& bound);

}  // namespace outrider::protocol
