// ZeroMQ gives up with EINTR when a signal arrives in the middle of a call. Only .cpp files include this.
#pragma once

#include <cerrno>

#include <zmq.hpp>

namespace outrider::protocol {

// What `call` returns, however many signals come in between. Throws what `call` throws but for zmq::error_t with EINTR,
// which ZeroMQ only reports before it has done anything.
template <typename Call>
auto uninterrupted(Call&& call) {
  for (;;) {
    try {
      return call();
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) throw;
    }
  }
}

}  // namespace outrider::protocol
