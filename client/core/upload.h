// A large contribution on its way to the aggregator, part by part; goes on where the aggregator durably has it.
#pragma once

#include <deque>
#include <vector>

#include "client/core/backoff.h"
#include "client/core/outbox.h"
#include "client/core/transfer_pace.h"
#include "protocol/messages.h"

namespace outrider::client {

// Asks how much is held by offering the contribution, sends what follows with a few parts on their way, and offers it
// again when all is held: that is what has it decided. Messages of one connection keep their order, so an answer to an
// offer also tells what became of everything sent before. Holds no payload. Not thread-safe.
class Upload {
 public:
  // Of one part, whatever the aggregator would take: it must fit into a message.
  static constexpr std::uint64_t kMostPartBytes = 8u << 20;

  // `attempt`: any number, another one for each upload. `entry` must be large.
  Upload(const Outbox::Entry& entry, std::uint64_t attempt, Instant first_retry, Instant longest_retry)
      : id_(entry.id),
        bytes_(entry.large->bytes),
        attempt_(attempt),
        first_ask_(attempt + 1),
        offer_(first_retry, longest_retry),
        pace_(first_retry, longest_retry) {}

  const Digest& contribution() const { return id_; }

  // What is due. `entry` is in `outbox` and has the id of contribution().
  void send(const Outbox& outbox, const Outbox::Entry& entry, Instant now, Random& jitter,
            std::vector<protocol::Body>& messages);
  void take(const protocol::Held& held, Instant now);
  Instant deadline() const;
  // What was sent may be lost: asks at once.
  void ask();

 private:
  struct Sent {
    std::uint64_t end;
    Instant at;
  };

  bool makes_sense(const protocol::Held& held) const;
  void advance(std::uint64_t held, Instant now);
  void go_back(std::uint64_t held, Instant now);
  bool may_send() const;

  Digest id_;
  std::uint64_t bytes_;
  std::uint64_t attempt_;    // of the latest offer, or of what was sent after something was lost
  std::uint64_t first_ask_;  // the first offer of those that wait for an answer
  bool asking_ = true;
  std::uint64_t part_bytes_ = 0;
  std::uint32_t credit_ = 0;  // parts that the aggregator takes beyond what it holds
  std::uint64_t held_ = 0;
  std::uint64_t next_ = 0;  // offset of the part to be sent next
  std::deque<Sent> sent_;   // on their way
  Instant progress_{};      // when there last was some
  Backoff offer_;
  TransferPace pace_;
};

}  // namespace outrider::client
