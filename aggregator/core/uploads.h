// Contributions whose payload is on its way in parts: what of them is durable, and what may follow.
#pragma once

#include <algorithm>
#include <map>
#include <optional>

#include "knowledge/contribution.h"
#include "knowledge/instant.h"
#include "protocol/messages.h"
#include "storage/parts.h"

namespace outrider::aggregator {

struct UploadLimits {
  std::size_t part_bytes = 256u << 10;      // of one PayloadPart
  std::uint32_t window = 8;                 // parts on their way at a time, from one client
  std::size_t unfinished_bytes = 1u << 30;  // of all that is unfinished, as it was offered, one part at least each
  Instant patience{24L * 3'600'000};        // what nobody has gone on with for so long is dropped;
  Instant patience_when_full{60'000};  // so long, where there is no room for another; there, one that began as long
                                       // ago is dropped, too, if it is the slowest and slower than this:
  std::uint64_t slow_bytes_per_second = 32u << 10;
};

// One for each client at most: it is decided in sequence, so only its next contribution is of use. Parts are taken in
// order. Changes return what to write with them; an answer may leave once that is durable. Not thread-safe.
class Uploads {
 public:
  struct Upload {
    Contribution header;
    Digest id;  // of the contribution, as its client says
    Large large;
    std::uint64_t held = 0;         // bytes, once the writes that were returned are durable
    Instant touched{};              // when it last went on; not known yet after a start: kNever
    Instant begun{};                // when it began; likewise
    std::uint64_t held_before = 0;  // what was held then

    bool is_complete() const { return held == large.bytes; }
  };

  Uploads(const Store& store, UploadLimits limits);

  // The client's upload of what it offers, begun anew if it is another than before; nullptr where there is no room now.
  const Upload* offered(const ClientId& from, const protocol::Offer& offer, Instant now, WriteSet& writes);
  // Takes the part that follows what is held. Nothing: it is of no upload that is known.
  std::optional<protocol::Held> take(const ClientId& from, const protocol::PayloadPart& part, Instant now,
                                     WriteSet& writes);
  protocol::Held held(const Upload& upload, const protocol::Offer& offer) const;

  // It has been refused: nothing of it stays.
  void drop(const ClientId& from, WriteSet& writes);
  // It has been accepted: its parts stay and belong to the decision.
  void release(const ClientId& from, WriteSet& writes);
  void expire(Instant now, WriteSet& writes);
  // When expire() has something to do; kNever: nothing is unfinished.
  Instant deadline() const;

  // The client's; nullptr: nothing of it is unfinished.
  const Upload* find(const ClientId& client) const;
  std::size_t size() const { return uploads_.size(); }

 private:
  bool make_room(std::uint64_t bytes, Instant now, WriteSet& writes);
  std::uint64_t cost_of(std::uint64_t bytes) const { return std::max<std::uint64_t>(bytes, limits_.part_bytes); }
  // How fast it has gone on, in bytes a second.
  static std::uint64_t pace(const Upload& upload, Instant now);
  bool may_be_dropped(const Upload& upload, Instant now) const;
  std::map<ClientId, Upload>::iterator forget(std::map<ClientId, Upload>::iterator upload, WriteSet& writes);
  std::map<ClientId, Upload>::iterator drop(std::map<ClientId, Upload>::iterator upload, WriteSet& writes);

  UploadLimits limits_;
  std::map<ClientId, Upload> uploads_;
  std::uint64_t offered_bytes_ = 0;  // of all of them
};

}  // namespace outrider::aggregator
