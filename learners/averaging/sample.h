// Drawing clients.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "knowledge/contribution.h"

namespace outrider::averaging {

// `count` of the clients, or all if there are fewer, in rising order: a pure function of the set of clients, the seed,
// the round and the draw, every client as likely.
std::vector<ClientId> sample_clients(std::span<const ClientId> clients, std::size_t count, std::uint64_t seed,
                                     std::uint64_t round, std::uint64_t draw = 0);

}  // namespace outrider::averaging
