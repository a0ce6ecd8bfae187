// Something large on its way from the aggregator, part by part; every part is durable once it has come.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "client/core/partial_fetches.h"
#include "client/core/transfer_pace.h"
#include "protocol/messages.h"

namespace outrider::client {

// Asks for a few parts at a time and takes them in any order. Not thread-safe.
class Fetch {
 public:
  static constexpr std::uint64_t kMostBytes = 1u << 30;
  static constexpr std::uint64_t kMostParts = 65'536;  // of one thing: what comes in more is taken for absent

  // What is wanted: a definition, which is kept in memory as well, or knowledge. `bytes`: its size; 0: not known.
  struct Wanted {
    PartsOwner owner{};
    Digest name;
    std::uint64_t bytes = 0;
    std::uint64_t part_bytes = 256u << 10;  // to ask for at a time; the aggregator may give less
  };

  // Goes on with what is in `store`, and reads it once. `partial` must outlive the fetch.
  Fetch(const Wanted& wanted, const Store& store, PartialFetches& partial, Instant first_retry, Instant longest_retry);

  const Digest& name() const { return wanted_.name; }
  bool is_complete() const { return complete_; }
  // Where it lies. Of a complete one.
  const Large& large() const { return large_; }
  // Of a complete definition.
  Bytes release() { return std::move(content_); }

  enum class Outcome : std::uint8_t { echo, progress, complete, absent, corrupt };
  // echo: not what was asked for; absent: the aggregator does not have it, or one too large; corrupt: the content does
  // not have the digest; all is discarded and fetched again.
  Outcome take(const protocol::BlobChunk& chunk, Instant now, WriteSet& writes);
  // Asks for what is due.
  void send(Instant now, std::vector<protocol::Body>& messages);
  Instant deadline() const { return may_ask() ? Instant::min() : due_; }
  // The connection is a new one: everything is due again.
  void ask_again();

 private:
  void restore(const Store& store);
  Outcome keep(WriteSet& writes);
  Outcome start_over(WriteSet& writes);
  std::optional<std::uint64_t> to_ask() const;
  bool may_ask() const { return to_ask().has_value(); }

  Wanted wanted_;
  PartialFetches& partial_;
  Large large_;             // bytes is 0 until the size of parts is known
  std::uint64_t held_ = 0;  // parts that are in the store, from the first on
  ContentHasher hasher_;    // of those
  Bytes content_;           // those, of a definition
  bool complete_ = false;
  std::map<std::uint64_t, Bytes> early_;    // parts that came before one that is missing
  std::map<std::uint64_t, Instant> asked_;  // parts that have been asked for and not come, since when
  Instant due_ = Instant::min();            // when they are asked for again
  TransferPace pace_;
};

}  // namespace outrider::client
