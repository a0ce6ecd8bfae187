#include "aggregator/core/history.h"

#include <algorithm>
#include <utility>

#include "knowledge/invariant.h"

namespace outrider::aggregator {
namespace {

// Whether something was said in it, kept or not, or in one before it on its topic that is gone.
bool tells_of_teaching(const Decision& decision) {
  return decision.large || decision.dropped || decision.taken_back || decision.taught_before ||
         !decision.accepted->withdraws();
}

bool is_withdrawal(const Decision& decision) {
  return decision.taken_back || (!decision.large && !decision.dropped && decision.accepted->withdraws());
}

}  // namespace

void History::accepted(const Decision& decision) {
  if (limits_.bytes == HistoryLimits::kUnlimited) return;
  const Contribution& contribution = *decision.accepted;
  Current& current = current_[{contribution.client, contribution.topic}];
  if (current.sequence != SequenceNumber{}) {
    const Record record{current.revision, contribution.client, current.sequence};
    records_.insert(record);
    invariant(contribution.sequence > current.sequence, "what replaces is later than what it replaces");
    if (current.bytes > 0) {
      superseded_.emplace(record, current.bytes);
      bytes_ += current.bytes;
    }
  }
  current = {contribution.sequence, decision.revision, payload_bytes(decision), is_withdrawal(decision)};
  if (current.withdraws) records_.insert({current.revision, contribution.client, current.sequence});
}

void History::refused(const ClientId& client, SequenceNumber sequence) {
  refusals_.emplace_back(client, sequence);
}

void History::forget(const ClientId& client) {
  std::erase_if(current_, [&](const auto& current) { return current.first.first == client; });
  std::erase_if(records_, [&](const Record& record) { return std::get<ClientId>(record) == client; });
  std::erase_if(superseded_, [&](const auto& superseded) {
    if (std::get<ClientId>(superseded.first) != client) return false;
    bytes_ -= superseded.second;
    return true;
  });
  invariant(!superseded_.empty() || bytes_ == 0, "what is gone is not counted");
}

History::Gone History::drop_excess(const Store& store, WriteSet& writes) {
  constexpr int kAtATime = 1000;  // so that nobody waits for it
  Gone gone;
  bool goes_on = true;
  for (int i = 0; i < kAtATime && goes_on && has_excess(); ++i) {
    if (refusals_exceed()) {
      goes_on = drop_refusal(store, writes, gone);
    } else if (records_exceed()) {
      goes_on = drop_record(store, writes, gone);
    } else {
      goes_on = drop_payload(store, writes);
    }
  }
  return gone;
}

bool History::drop_payload(const Store& store, WriteSet& writes) {
  const Record oldest = superseded_.begin()->first;
  const auto& [revision, client, sequence] = oldest;
  Bytes key = decision_key(client, sequence);
  const auto stored = store.get(Column::contributions, key);
  if (!stored) return false;
  Decision decision = decode_decision(*stored);
  if (decision.large) erase_parts(*std::exchange(decision.large, {}), writes);
  decision.accepted = header_of(*decision.accepted);
  decision.dropped = true;
  writes.put(Column::contributions, std::move(key), encode(decision));
  forget_payload(oldest);
  return true;
}

bool History::drop_record(const Store& store, WriteSet& writes, Gone& gone) {
  const Record oldest = *records_.begin();
  const auto& [revision, client, sequence] = oldest;
  Bytes key = decision_key(client, sequence);
  const auto stored = store.get(Column::contributions, key);
  if (!stored) return false;
  const Decision decision = decode_decision(*stored);
  const auto current = current_.find({client, decision.accepted->topic});
  if (current == current_.end()) {
    // What took it back is gone already.
  } else if (current->second.sequence == sequence) {  // it takes back, and nothing before it on its topic is left
    gone.taken_back = std::max(gone.taken_back, revision);
    current_.erase(current);
  } else if (current->second.withdraws && tells_of_teaching(decision)) {  // which the one that takes back must tell now
    Bytes later_key = decision_key(client, current->second.sequence);
    const auto later = store.get(Column::contributions, later_key);
    if (!later) return false;
    Decision withdrawal = decode_decision(*later);
    withdrawal.taught_before = true;
    writes.put(Column::contributions, std::move(later_key), encode(withdrawal));
  }
  if (decision.large) erase_parts(*decision.large, writes);
  writes.erase(Column::contributions, std::move(key));
  writes.erase(Column::revisions, key_of(number(revision)));  // which can no longer be rebuilt
  ++gone.of[client].accepted;
  forget_payload(oldest);
  records_.erase(oldest);
  return true;
}

bool History::drop_refusal(const Store& store, WriteSet& writes, Gone& gone) {
  const auto& [client, sequence] = refusals_.front();
  Bytes key = decision_key(client, sequence);
  if (!store.get(Column::contributions, key)) return false;
  writes.erase(Column::contributions, std::move(key));
  ++gone.of[client].refused;
  refusals_.pop_front();
  return true;
}

void History::forget_payload(const Record& record) {
  const auto payload = superseded_.find(record);
  if (payload == superseded_.end()) return;
  invariant(bytes_ >= payload->second, "what is dropped was counted");
  bytes_ -= payload->second;
  superseded_.erase(payload);
}

}  // namespace outrider::aggregator
