// Sending and receiving whole ZeroMQ multipart messages without blocking. Only .cpp files include this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <zmq.hpp>

#include "knowledge/bytes.h"

namespace outrider::protocol {

enum class SendResult { sent, queue_full, unreachable };

inline ByteView view(const zmq::message_t& part) {
  return {part.data<std::uint8_t>(), part.size()};
}

// A part that owns `bytes`: nothing is copied. `with` goes when ZeroMQ is done with it, on a thread of its.
zmq::message_t part_of(Bytes bytes, std::shared_ptr<void> with = nullptr);
zmq::message_t part_of(ByteView bytes);

// Hands all parts to ZeroMQ or, if the result is not `sent`, none. Throws zmq::error_t if the socket is broken.
SendResult send(zmq::socket_ref socket, std::span<zmq::message_t> parts);

// Returns how many parts the next message has, 0 if none waits. Fills `parts` as far as they go and drops the rest.
// `bytes`: of all of them, and what they cost on the wire beside that, at most.
std::size_t receive(zmq::socket_ref socket, std::span<zmq::message_t> parts, std::uint64_t* bytes = nullptr);

// What ZeroMQ knows of the connection that a part came over ("Peer-Address", "User-Id"); empty if nothing.
std::string property(const zmq::message_t& part, const char* name);
// The descriptor of the connection that a part came over; -1 if it did not come over one. It may be closed meanwhile.
int descriptor_of(const zmq::message_t& part);

}  // namespace outrider::protocol
