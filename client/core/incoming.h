// The replica's next revision while payloads that it refers to are still being fetched.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "client/core/fetch.h"
#include "client/core/replica.h"

namespace outrider::client {

// Fetches one payload after the other. Not thread-safe.
class Incoming {
 public:
  // What the fetches work with; must outlive the object.
  struct Place {
    const Store& store;
    PartialFetches& partial;
    Instant first_retry;
    Instant longest_retry;
    std::uint64_t part_bytes;
  };

  Incoming(protocol::Knowledge knowledge, Place place) : knowledge_(std::move(knowledge)), place_(place) {}

  const protocol::Knowledge& knowledge() const { return knowledge_; }
  // The payloads it refers to.
  std::vector<Digest> wanted() const;
  // Whether everything is there, in `replica` or fetched. If not, the next payload is being fetched from now on.
  bool is_complete(const Replica& replica);
  std::span<const Large> fetched() const { return fetched_; }

  bool fetches(const Digest& payload) const { return fetch_ && fetch_->name() == payload; }
  // Pre: fetches(chunk.blob). After `complete` ask is_complete().
  Fetch::Outcome take(const protocol::BlobChunk& chunk, Instant now, WriteSet& writes);
  void send(Instant now, std::vector<protocol::Body>& messages) {
    if (fetch_) fetch_->send(now, messages);
  }
  Instant deadline() const { return fetch_ ? fetch_->deadline() : kNever; }
  void ask_again() {
    if (fetch_) fetch_->ask_again();
  }

 private:
  bool is_fetched(const Digest& payload) const;

  protocol::Knowledge knowledge_;
  Place place_;
  std::vector<Large> fetched_;
  std::optional<Fetch> fetch_;
};

}  // namespace outrider::client
