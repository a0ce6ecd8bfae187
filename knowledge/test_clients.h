// For tests: ids of clients.
#pragma once

#include <cstdint>

#include "knowledge/contribution.h"

namespace outrider {

// The ids are not in the order of their numbers.
inline ClientId shuffled_client(unsigned index) {
  ClientId id;
  id.bytes[0] = static_cast<std::uint8_t>(index * 37 % 251);
  id.bytes[1] = static_cast<std::uint8_t>(index);
  return id;
}

}  // namespace outrider
