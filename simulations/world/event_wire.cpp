#include "simulations/world/event_wire.h"

#include "knowledge/error.h"
#include "storage/store.h"

namespace outrider::simulations {
namespace {

constexpr std::size_t kNumber = sizeof(std::uint64_t);
constexpr std::size_t kHead = 5 * kNumber;  // at | node | kind | order | length of the bytes

}  // namespace

void append_event(const Event& event, Bytes& bytes) {
  for (const std::uint64_t part :
       {static_cast<std::uint64_t>(event.at.count()), std::uint64_t{event.node}, static_cast<std::uint64_t>(event.kind),
        event.order, std::uint64_t{event.bytes.size()}}) {
    const Bytes number = key_of(part);
    bytes.insert(bytes.end(), number.begin(), number.end());
  }
  bytes.insert(bytes.end(), event.bytes.begin(), event.bytes.end());
}

std::vector<Event> events_of(ByteView bytes) {
  std::vector<Event> events;
  while (!bytes.empty()) {
    if (bytes.size() < kHead || bytes.size() - kHead < number_in_key(bytes, 4 * kNumber))
      throw InputError("another rank's events are cut short");
    Event event;
    event.at = Instant(static_cast<Instant::rep>(number_in_key(bytes)));
    event.node = static_cast<std::uint32_t>(number_in_key(bytes, kNumber));
    event.kind = static_cast<EventKind>(number_in_key(bytes, 2 * kNumber));
    event.order = number_in_key(bytes, 3 * kNumber);
    const std::size_t size = number_in_key(bytes, 4 * kNumber);
    event.bytes = to_bytes(bytes.subspan(kHead, size));
    bytes = bytes.subspan(kHead + size);
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace outrider::simulations
