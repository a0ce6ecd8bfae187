#include "client/outbox.h"

#include <cassert>
#include <utility>

namespace outrider::client {
namespace {

Bytes highest_decided_name() {
  return to_bytes("highest decided");
}

}  // namespace

Outbox::Outbox(ClientId self, const Store& store) : self_(self) {
  if (const auto value = store.get(Column::meta, highest_decided_name()))
    highest_decided_ = SequenceNumber{number_in_key(*value)};
  store.scan(Column::contributions, self_.view(), [&](ByteView, ByteView value) {
    Contribution contribution = decode_contribution(value);
    if (contribution.sequence > highest_decided_) {
      undecided_.emplace(contribution.sequence, std::move(contribution));
    } else {
      accepted_.insert_or_assign(contribution.topic, std::move(contribution));
    }
  });
}

SequenceNumber Outbox::last() const {
  return undecided_.empty() ? highest_decided_ : undecided_.rbegin()->first;
}

WriteSet Outbox::add(Topic topic, Revision learned_against, Bytes payload) {
  Contribution contribution{self_, next(last()), learned_against, std::move(topic), std::move(payload)};
  WriteSet writes;
  writes.put(Column::contributions, key(contribution.sequence), encode(contribution));
  undecided_.emplace(contribution.sequence, std::move(contribution));
  return writes;
}

WriteSet Outbox::decided(const Digest& id, bool accepted) {
  WriteSet writes;
  if (undecided_.empty() || undecided_.begin()->second.id() != id) return writes;
  Contribution contribution = std::move(undecided_.begin()->second);
  undecided_.erase(undecided_.begin());
  highest_decided_ = contribution.sequence;
  record_highest(writes);
  if (!accepted) {
    writes.erase(Column::contributions, key(contribution.sequence));
    return writes;
  }
  const auto older = accepted_.find(contribution.topic);
  if (older != accepted_.end()) writes.erase(Column::contributions, key(older->second.sequence));
  Topic topic = contribution.topic;
  accepted_.insert_or_assign(std::move(topic), std::move(contribution));
  return writes;
}

WriteSet Outbox::renumber(SequenceNumber highest_decided) {
  assert(highest_decided >= highest_decided_);
  return renumber_from(highest_decided, std::exchange(undecided_, {}));
}

WriteSet Outbox::offer_again(SequenceNumber highest_decided) {
  std::map<SequenceNumber, Contribution> all = std::exchange(undecided_, {});
  for (auto& [topic, contribution] : accepted_) all.emplace(contribution.sequence, std::move(contribution));
  accepted_.clear();
  return renumber_from(highest_decided, std::move(all));
}

WriteSet Outbox::renumber_from(SequenceNumber highest_decided, std::map<SequenceNumber, Contribution>&& contributions) {
  WriteSet writes;
  for (const auto& [sequence, contribution] : contributions) writes.erase(Column::contributions, key(sequence));
  highest_decided_ = highest_decided;
  record_highest(writes);
  for (auto& [old_sequence, contribution] : contributions) {
    contribution.sequence = next(last());
    writes.put(Column::contributions, key(contribution.sequence), encode(contribution));
    undecided_.emplace(contribution.sequence, std::move(contribution));
  }
  return writes;
}

std::vector<Contribution> Outbox::next_batch(std::size_t bytes) const {
  std::vector<Contribution> batch;
  std::size_t used = 0;
  for (const auto& [sequence, contribution] : undecided_) {
    used += contribution.payload.size() + contribution.topic.subject.size() + 128;
    if (!batch.empty() && used > bytes) break;
    batch.push_back(contribution);
  }
  return batch;
}

void Outbox::record_highest(WriteSet& writes) const {
  writes.put(Column::meta, highest_decided_name(), key_of(number(highest_decided_)));
}

}  // namespace outrider::client
