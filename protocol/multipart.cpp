#include "protocol/multipart.h"

#include <cerrno>
#include <memory>
#include <utility>

namespace outrider::protocol {
namespace {

// What a frame costs on the wire beside its content: its header, and what encryption adds.
constexpr std::uint64_t kFrameBytes = 64;

struct Owned {
  Bytes bytes;
  std::shared_ptr<void> with;
};

void free_bytes(void*, void* hint) {
  const std::unique_ptr<Owned> owner(static_cast<Owned*>(hint));
}

bool receive_part(zmq::socket_ref socket, zmq::message_t& part) {
  for (;;) {
    if (zmq_msg_recv(part.handle(), socket.handle(), ZMQ_DONTWAIT) >= 0) return true;
    if (zmq_errno() == EAGAIN) return false;
    if (zmq_errno() != EINTR) throw zmq::error_t();
  }
}

SendResult send_part(zmq::socket_ref socket, zmq::message_t& part, bool more) {
  for (;;) {
    if (zmq_msg_send(part.handle(), socket.handle(), ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) >= 0)
      return SendResult::sent;
    if (zmq_errno() == EAGAIN) return SendResult::queue_full;
    if (zmq_errno() == EHOSTUNREACH) return SendResult::unreachable;
    if (zmq_errno() != EINTR) throw zmq::error_t();
  }
}

}  // namespace

zmq::message_t part_of(Bytes bytes, std::shared_ptr<void> with) {
  auto owner = std::make_unique<Owned>(Owned{std::move(bytes), std::move(with)});
  zmq::message_t part(owner->bytes.data(), owner->bytes.size(), free_bytes, owner.get());
  static_cast<void>(owner.release());  // free_bytes has it now
  return part;
}

zmq::message_t part_of(ByteView bytes) {
  return {bytes.data(), bytes.size()};
}

// ZeroMQ queues a message once its last part is there, and decides about room and reachability at the first part.
SendResult send(zmq::socket_ref socket, std::span<zmq::message_t> parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const SendResult result = send_part(socket, parts[i], i + 1 < parts.size());
    if (result != SendResult::sent) return result;
  }
  return SendResult::sent;
}

std::size_t receive(zmq::socket_ref socket, std::span<zmq::message_t> parts, std::uint64_t* bytes) {
  std::size_t count = 0;
  zmq::message_t surplus;
  for (bool more = true; more; ++count) {
    zmq::message_t& part = count < parts.size() ? parts[count] : surplus;
    if (!receive_part(socket, part)) return count;
    if (bytes != nullptr) *bytes += part.size() + kFrameBytes;
    more = part.more();
  }
  return count;
}

std::string property(const zmq::message_t& part, const char* name) {
  const char* value = zmq_msg_gets(part.handle(), name);
  return value == nullptr ? std::string() : std::string(value);
}

int descriptor_of(const zmq::message_t& part) {
  return zmq_msg_get(part.handle(), ZMQ_SRCFD);
}

}  // namespace outrider::protocol
