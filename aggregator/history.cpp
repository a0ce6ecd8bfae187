#include "aggregator/history.h"

#include <utility>

namespace outrider::aggregator {

void History::accepted(const Decision& decision) {
  if (limits_.bytes == HistoryLimits::kUnlimited) return;
  const Contribution& contribution = *decision.accepted;
  Current& current = current_[{contribution.client, contribution.topic}];
  if (current.bytes > 0) {
    superseded_.emplace(Superseded{current.revision, contribution.client, current.sequence}, current.bytes);
    bytes_ += current.bytes;
  }
  current = {contribution.sequence, decision.revision, payload_bytes(decision)};
}

void History::forget(const ClientId& client) {
  std::erase_if(current_, [&](const auto& current) { return current.first.first == client; });
  std::erase_if(superseded_, [&](const auto& superseded) {
    if (std::get<ClientId>(superseded.first) != client) return false;
    bytes_ -= superseded.second;
    return true;
  });
}

void History::drop_excess(const Store& store, WriteSet& writes) {
  constexpr int kAtATime = 1000;  // so that nobody waits for it
  for (int i = 0; i < kAtATime && has_excess(); ++i) {
    const auto oldest = superseded_.begin();
    const auto& [revision, client, sequence] = oldest->first;
    Bytes key = decision_key(client, sequence);
    const auto stored = store.get(Column::contributions, key);
    if (!stored) return;
    Decision decision = decode_decision(*stored);
    if (decision.large) erase_parts(*std::exchange(decision.large, {}), writes);
    decision.accepted = header_of(*decision.accepted);
    decision.dropped = true;
    writes.put(Column::contributions, std::move(key), encode(decision));
    bytes_ -= oldest->second;
    superseded_.erase(oldest);
  }
}

}  // namespace outrider::aggregator
