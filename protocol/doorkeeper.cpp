#include "protocol/doorkeeper.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <csignal>
#include <cstring>
#include <fstream>
#include <functional>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/multipart.h"
#include "protocol/tcp_progress.h"
#include "protocol/uninterrupted.h"

namespace outrider::protocol {
namespace {

constexpr const char* kDoor = "inproc://door";
constexpr std::chrono::seconds kBetweenLines{10};
constexpr std::chrono::milliseconds kLookAtHandshakes{20};
constexpr std::chrono::milliseconds kLookAtMemory{100};
constexpr std::chrono::milliseconds kLookAtAll{1'000};
constexpr std::uint64_t kGrowth = 32u << 20;  // of memory, after which all are looked at at once

zmq::socket_t watch_door(zmq::context_t& context, zmq::socket_ref socket) {
  constexpr int kEvents = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_ACCEPT_FAILED | ZMQ_EVENT_DISCONNECTED |
                          ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_MONITOR_STOPPED;
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

// Of physical memory that this process has.
std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  statm >> all >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

Doorkeeper::Doorkeeper(zmq::context_t& context, zmq::socket_ref socket, Limits limits)
    : socket_(socket),
      limits_(limits),
      monitor_(watch_door(context, socket)),
      log_(kBetweenLines),
      refusals_(kBetweenLines),
      open_(limits.connections),
      thread_([this](const std::stop_token& stop) { watch(stop); }) {}

Doorkeeper::~Doorkeeper() {
  thread_.request_stop();
  zmq_socket_monitor(socket_.handle(), nullptr, 0);  // its last event wakes the thread
}

void Doorkeeper::heard(int descriptor, std::uint64_t bytes, bool makes_sense) {
  if (descriptor < 0) return;
  const std::lock_guard lock(mutex_);
  open_.heard(descriptor, bytes, makes_sense);
}

void Doorkeeper::end(int descriptor, std::string_view why) {
  const std::lock_guard lock(mutex_);
  shut(descriptor, why);
}

std::size_t Doorkeeper::connections() const {
  const std::lock_guard lock(mutex_);
  return open_.size();
}

void Doorkeeper::watch(const std::stop_token& stop) {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);  // signals are for the thread of the loop
  while (!stop.stop_requested()) {
    zmq::pollitem_t item{monitor_.handle(), 0, ZMQ_POLLIN, 0};
    const auto pause = [this] {
      const std::lock_guard lock(mutex_);
      return open_.greeting() > 0 ? kLookAtHandshakes : open_.size() > 0 ? kLookAtMemory : kLookAtAll;
    }();
    uninterrupted([&] { zmq::poll(&item, 1, pause); });
    // All that is known is taken into account before anyone is disconnected.
    while ((uninterrupted([this] { return monitor_.get(zmq::sockopt::events); }) & ZMQ_POLLIN) != 0) read_event();
    const std::lock_guard lock(mutex_);
    end_excess();
    look_at_handshakes();
    look_at_all();
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
  if (event == ZMQ_EVENT_DISCONNECTED) take_disconnected(value);
  // ZeroMQ says of which connection only when that ends, which is at once.
  if (event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL)
    refused_ = value == ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC
                   ? "it does not know this aggregator's key, or none of its own"
               : value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH
                   ? "it comes without keys where they are needed, or with them where none are"
                   : "it does not keep to the protocol";
  if (event == ZMQ_EVENT_ACCEPT_FAILED && (value == EMFILE || value == ENFILE)) {
    const std::vector<int> named = open_.make_room();
    to_end_.insert(to_end_.end(), named.begin(), named.end());
  }
}

void Doorkeeper::take_disconnected(int descriptor) {
  const OpenConnections::Connection* connection = open_.find(descriptor);
  if (connection != nullptr && !refused_.empty())
    refusals_.warn(fmt::format("refused a connection from {}: {}", connection->host, refused_));
  refused_.clear();
  open_.closed(descriptor);
}

void Doorkeeper::end_excess() {
  const std::vector<int> named = open_.excess();
  to_end_.insert(to_end_.end(), named.begin(), named.end());
  for (const int descriptor : std::exchange(to_end_, {})) {
    const OpenConnections::Connection* connection = open_.find(descriptor);
    if (connection == nullptr) continue;  // closed meanwhile
    shut(descriptor, fmt::format("{}: {} connections are all that fit here",
                                 connection->proven ? "was silent for longest" : "had not said anything of use",
                                 limits_.connections));
  }
}

void Doorkeeper::look_at_handshakes() {
  std::vector<int> over;
  std::vector<int> too_much;
  open_.for_each_greeting([&](int descriptor, const OpenConnections::Connection& /*unused*/) {
    const auto progress = progress_of(descriptor);
    if (!progress) return;
    if (progress->sent > limits_.handshake_sent)
      over.push_back(descriptor);
    else if (progress->received > limits_.handshake_bytes)
      too_much.push_back(descriptor);
  });
  for (const int descriptor : over) open_.greeted(descriptor);
  for (const int descriptor : too_much) shut(descriptor, "sent more than any handshake has");
}

void Doorkeeper::look_at_all() {
  const auto now = std::chrono::steady_clock::now();
  const std::uint64_t resident = resident_bytes();
  if (now - looked_ < kLookAtAll && resident < resident_ + kGrowth) return;
  looked_ = now;
  const std::uint64_t grown = resident > resident_ ? resident - resident_ : 0;
  if (std::exchange(to_trim_, false)) ::malloc_trim(0);  // it would stay ours, in pieces
  resident_ = resident;
  look_at_progress(grown);
  end_largest(&OpenConnections::Connection::swollen, limits_.swollen_bytes, limits_.all_swollen_bytes,
              "sends a message that does not end, in frames that take some {} MB");
  end_largest(&OpenConnections::Connection::untaken, limits_.untaken_bytes, limits_.all_untaken_bytes,
              "has sent {} MB that are no message yet");
}

// How much of what has come is no message yet, and which connections have memory grow by far more than comes over them.
// What grows at the same time for another reason is laid to their charge, too, until their message is whole.
void Doorkeeper::look_at_progress(std::uint64_t grown) {
  constexpr std::uint64_t kUsual = 4;  // times the bytes of an honest message, which is copied and decoded
  std::uint64_t came = 0;
  std::vector<std::pair<OpenConnections::Connection*, std::uint64_t>> growing;
  open_.for_each([&](int descriptor, OpenConnections::Connection& connection) {
    const auto progress = progress_of(descriptor);
    const std::uint64_t before = std::exchange(connection.untaken, 0);
    if (!progress || connection.leaving) return;
    connection.taken = std::min(connection.taken, progress->received);  // what frames cost is counted roughly
    connection.untaken = progress->received - connection.taken;
    // What comes after a message that was whole is the beginning of another one.
    if (std::exchange(connection.took, false) || connection.untaken <= before) return;
    growing.emplace_back(&connection, connection.untaken - before);
    came += growing.back().second;
  });
  if (grown > kUsual * came)
    for (const auto& [connection, bytes] : growing)
      connection->swollen += static_cast<std::uint64_t>(static_cast<double>(grown) * static_cast<double>(bytes) /
                                                        static_cast<double>(came));
}

void Doorkeeper::end_largest(std::uint64_t OpenConnections::Connection::*held, std::uint64_t most,
                             std::uint64_t most_of_all, fmt::format_string<std::uint64_t> why) {
  std::uint64_t all = 0;
  std::vector<std::pair<std::uint64_t, int>> largest;
  open_.for_each([&](int descriptor, const OpenConnections::Connection& connection) {
    if (connection.leaving || connection.*held == 0) return;
    largest.emplace_back(connection.*held, descriptor);
    all += connection.*held;
  });
  std::ranges::sort(largest, std::greater<>());
  for (const auto& [bytes, descriptor] : largest) {
    if (bytes <= most && all <= most_of_all) break;
    shut(descriptor, fmt::format(why, bytes >> 20));
    to_trim_ = true;
    all -= bytes;
  }
}

void Doorkeeper::shut(int descriptor, std::string_view why) {
  const OpenConnections::Connection* connection = open_.find(descriptor);
  if (connection == nullptr) return;
  log_.warn(fmt::format("ended the connection from {}, which {}", connection->host, why));
  open_.leaves(descriptor);
  // Closed with a reset: who waits for room to send more would hear of the end only when it next asks for room, which
  // may take minutes.
  const linger reset{1, 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  ::shutdown(descriptor, SHUT_RDWR);
}

}  // namespace outrider::protocol
