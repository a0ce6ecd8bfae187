// What is to happen in a virtual world, in the order of time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

#include "knowledge/bytes.h"
#include "knowledge/contribution.h"
#include "knowledge/digest.h"
#include "knowledge/instant.h"

namespace outrider::simulations {

enum class EventKind : std::uint8_t {
  packet,   // a message arrives
  claim,    // a client has caught up and says what it knows: for the checks, not part of the protocol
  timer,    // a core wanted to be called
  wake,     // a client's next rendezvous is due
  learned,  // a client has finished learning
  crash,    // the node dies
  restart,  // and comes back
  full_disk,
};

inline constexpr std::uint32_t kAggregatorNode = 0xffffffff;

struct Event {
  Instant at{};
  std::uint32_t node = 0;  // where it happens: a client's number or kAggregatorNode
  EventKind kind{};
  std::uint64_t order = 0;  // among those at one time, node and kind: what it is depends on the kind
  Bytes bytes{};            // packet: the message; claim: the replica's digest
};

// A packet's or a claim's order tells who sent it and which of his it is.
constexpr std::uint64_t order_of(std::uint32_t client, std::uint32_t number) {
  return std::uint64_t{client} << 32 | number;
}
constexpr std::uint32_t client_in(std::uint64_t order) {
  return static_cast<std::uint32_t>(order >> 32);
}

// Hands events out sorted by all that identifies them, so the order in which they were put in does not matter.
class EventQueue {
 public:
  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  // kNever when empty.
  Instant next() const { return heap_.empty() ? kNever : heap_.front().at; }
  const Event& front() const { return heap_.front(); }

  void push(Event event) {
    heap_.push_back(std::move(event));
    std::ranges::push_heap(heap_, later);
  }
  Event pop() {
    std::ranges::pop_heap(heap_, later);
    Event event = std::move(heap_.back());
    heap_.pop_back();
    return event;
  }

 private:
  static bool later(const Event& a, const Event& b) {
    return std::tie(a.at, a.node, a.kind, a.order) > std::tie(b.at, b.node, b.kind, b.order);
  }

  std::vector<Event> heap_;
};

}  // namespace outrider::simulations
