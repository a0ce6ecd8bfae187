#include "client/core/incoming.h"

#include <algorithm>

#include "knowledge/invariant.h"

namespace outrider::client {

std::vector<Digest> Incoming::wanted() const {
  std::vector<Digest> names;
  for (const protocol::KnowledgeEntry& entry : knowledge_.entries)
    if (!entry.digest.empty()) names.push_back(entry.digest);
  return names;
}

bool Incoming::is_fetched(const Digest& payload) const {
  return std::ranges::find(fetched_, payload, &Large::name) != fetched_.end();
}

bool Incoming::is_complete(const Replica& replica) {
  for (const protocol::KnowledgeEntry& entry : knowledge_.entries) {
    if (entry.digest.empty() || replica.has(entry.digest) || is_fetched(entry.digest)) continue;
    fetch_.emplace(Fetch::Wanted{PartsOwner::knowledge, entry.digest, entry.bytes, place_.part_bytes}, place_.store,
                   place_.partial, place_.first_retry, place_.longest_retry);
    if (!fetch_->is_complete()) return false;  // else a life before this one has fetched it
    fetched_.push_back(fetch_->large());
  }
  fetch_.reset();
  return true;
}

Fetch::Outcome Incoming::take(const protocol::BlobChunk& chunk, Instant now, WriteSet& writes) {
  invariant(fetch_.has_value(), "parts are taken of what is being fetched");
  const Fetch::Outcome outcome = fetch_->take(chunk, now, writes);
  if (outcome == Fetch::Outcome::complete) fetched_.push_back(fetch_->large());
  return outcome;
}

}  // namespace outrider::client
