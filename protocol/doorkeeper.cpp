#include "protocol/doorkeeper.h"

#include <array>
#include <cassert>
#include <cstring>
#include <string>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "protocol/multipart.h"
#include "protocol/uninterrupted.h"

namespace outrider::protocol {
namespace {

constexpr const char* kDoor = "inproc://door";
constexpr std::chrono::seconds kBetweenLines{10};
constexpr std::chrono::milliseconds kLook{1'000};  // at most so long nobody looks

zmq::socket_t watch_door(zmq::context_t& context, zmq::socket_ref socket) {
  constexpr int kEvents =
      ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_ACCEPT_FAILED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_MONITOR_STOPPED;
  uninterrupted([&socket] {
    if (zmq_socket_monitor(socket.handle(), kDoor, kEvents) != 0) throw zmq::error_t();
  });
  zmq::socket_t monitor(context, zmq::socket_type::pair);
  monitor.set(zmq::sockopt::linger, 0);
  // Without a bound: a full queue would stop ZeroMQ's thread while it holds a lock that bind() needs.
  monitor.set(zmq::sockopt::rcvhwm, 0);
  uninterrupted([&monitor] { monitor.connect(kDoor); });
  return monitor;
}

// The address without the port; of IPv6 the network, of which one host may have all addresses.
std::string host_of(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) return "an unknown host";
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET6) {
    auto v6 = reinterpret_cast<const sockaddr_in6*>(&address)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&v6)) return ::inet_ntop(AF_INET, &v6.s6_addr[12], text.data(), text.size());
    std::memset(&v6.s6_addr[8], 0, 8);
    return std::string(::inet_ntop(AF_INET6, &v6, text.data(), text.size())) + "/64";
  }
  const auto& v4 = reinterpret_cast<const sockaddr_in*>(&address)->sin_addr;
  return ::inet_ntop(AF_INET, &v4, text.data(), text.size());
}

}  // namespace

Doorkeeper::Doorkeeper(zmq::context_t& context, zmq::socket_ref socket, std::size_t most)
    : socket_(socket),
      most_(most),
      monitor_(watch_door(context, socket)),
      log_(kBetweenLines),
      open_(most),
      thread_([this](const std::stop_token& stop) { watch(stop); }) {}

Doorkeeper::~Doorkeeper() {
  thread_.request_stop();
  zmq_socket_monitor(socket_.handle(), nullptr, 0);  // its last event wakes the thread
}

void Doorkeeper::heard(int descriptor) {
  if (descriptor < 0) return;
  const std::lock_guard lock(mutex_);
  open_.heard(descriptor);
}

std::size_t Doorkeeper::connections() const {
  const std::lock_guard lock(mutex_);
  return open_.size();
}

void Doorkeeper::watch(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    zmq::pollitem_t item{monitor_.handle(), 0, ZMQ_POLLIN, 0};
    uninterrupted([&item] { zmq::poll(&item, 1, kLook); });
    // All that is known is taken into account before anyone is disconnected.
    while ((uninterrupted([this] { return monitor_.get(zmq::sockopt::events); }) & ZMQ_POLLIN) != 0) read_event();
    end_excess();
  }
}

void Doorkeeper::read_event() {
  std::array<zmq::message_t, 2> parts;  // the event's number (16 bits) and value (32 bits), the endpoint
  if (receive(monitor_, parts) == 0) return;
  std::uint16_t event = 0;
  std::int32_t value = 0;
  assert(parts[0].size() == sizeof event + sizeof value);  // ZeroMQ itself writes these
  std::memcpy(&event, parts[0].data(), sizeof event);
  std::memcpy(&value, parts[0].data<char>() + sizeof event, sizeof value);
  take(event, value);
}

void Doorkeeper::take(std::uint16_t event, int value) {
  const std::lock_guard lock(mutex_);
  if (event == ZMQ_EVENT_ACCEPTED) open_.accepted(value, host_of(value));
  if (event == ZMQ_EVENT_DISCONNECTED) open_.closed(value);
  if (event == ZMQ_EVENT_ACCEPT_FAILED && (value == EMFILE || value == ENFILE)) {
    const std::vector<int> named = open_.make_room();
    to_end_.insert(to_end_.end(), named.begin(), named.end());
  }
}

void Doorkeeper::end_excess() {
  const std::lock_guard lock(mutex_);
  const std::vector<int> named = open_.excess();
  to_end_.insert(to_end_.end(), named.begin(), named.end());
  for (const int descriptor : std::exchange(to_end_, {})) {
    const OpenConnections::Connection* connection = open_.find(descriptor);
    if (connection == nullptr) continue;  // closed meanwhile
    log_.warn(fmt::format("{} connections are all that fit here: ended the one from {} that {}", most_,
                          connection->host,
                          connection->proven ? "was silent for longest" : "had not said anything of use"));
    ::shutdown(descriptor, SHUT_RDWR);
  }
}

}  // namespace outrider::protocol
