// What the operating system knows of a connection. Only .cpp files include this.
#pragma once

#include <cstdint>
#include <optional>

namespace outrider::protocol {

struct TcpProgress {
  std::uint64_t received = 0;      // bytes that have come
  std::uint64_t sent = 0;          // bytes that have left
  std::uint64_t acknowledged = 0;  // of them, what the other side has
  std::uint64_t unsent = 0;        // bytes that wait
};

// Nothing if the descriptor is no TCP connection, or not any more.
std::optional<TcpProgress> progress_of(int descriptor);

}  // namespace outrider::protocol
