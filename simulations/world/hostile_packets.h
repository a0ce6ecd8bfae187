// What a dishonest client sends: noise, broken messages, contributions that nobody may accept.
#pragma once

#include <vector>

#include "knowledge/bytes.h"

namespace outrider::simulations {

// The `round`th handful of `client`, one of `clients`. None of them may change what is known.
std::vector<Bytes> hostile_packets(std::uint64_t seed, std::uint32_t client, std::uint32_t round,
                                   std::uint32_t clients);

}  // namespace outrider::simulations
