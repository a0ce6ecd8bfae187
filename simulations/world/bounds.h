// What an aggregator keeps and says stays within its named limits, after every event: a promise that is watched from
// outside, like those of the ledger.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "aggregator/core/core.h"

namespace outrider::simulations {

// What a peer has said in an event: its messages, and the contributions in them.
struct Heard {
  std::size_t messages = 0;
  std::size_t contributions = 0;
};

class Bounds {
 public:
  explicit Bounds(const aggregator::Limits& limits) : limits_(limits) {}

  // After an event whose writes are on `disk`: pages of knowledge and status, chunks, what waits for each peer, and, of
  // what was written to, the roster, unfinished uploads and, when `nothing_is_due` any more, the history. Throws
  // Violation, which names the limit. Costs work in what leaves, in what was written, and in the history of those whose
  // history it was.
  void check(const aggregator::Effects& effects, const std::map<ClientId, Heard>& heard, const Store& disk,
             bool nothing_is_due);
  // What is on the disk has changed beside the events: the next check reads all of it.
  void start_over() { read_ = false; }
  // Topics and clients of which a status, or a page of it, tells.
  void check_catalogue(const protocol::Status& status) const;

  // What one event may leave in the queue to a peer that has said so much.
  std::uint64_t most_waiting(const Heard& heard) const;

 private:
  void check_message(const protocol::Message& message) const;
  // Once what is on the disk, then what was written.
  void read(const Store& disk);
  void take(const WriteSet& writes);
  void note_client(const ClientId& client, const std::optional<Bytes>& record);
  void check_roster() const;
  void check_uploads(const Store& disk) const;
  void check_history(const Store& disk);

  aggregator::Limits limits_;
  bool read_ = false;
  std::map<ClientId, bool> clients_;  // on record: whether it never contributed
  std::size_t newcomers_ = 0;
  struct Superseded {
    std::uint64_t bytes = 0;
    std::size_t payloads = 0;
  };
  std::map<ClientId, Superseded> history_;
  Superseded superseded_;         // of all
  std::set<ClientId> has_grown_;  // whose history is to be looked at
};

}  // namespace outrider::simulations
