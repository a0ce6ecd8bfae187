#include "client/core/outbox.h"

#include <algorithm>
#include <set>
#include <utility>

#include "knowledge/error.h"
#include "knowledge/invariant.h"
#include "protocol/limits.h"

namespace outrider::client {
namespace {

Bytes highest_decided_name() {
  return to_bytes("highest decided");
}

Bytes record_of(const Outbox::Entry& entry) {
  return encode(StoredContribution{entry.contribution, entry.large ? encode(*entry.large) : Bytes{}});
}

}  // namespace

Outbox::Outbox(ClientId self, const Store& store, PartSizes sizes) : self_(self), store_(store), sizes_(sizes) {
  if (const auto value = store.get(Column::meta, highest_decided_name()))
    highest_decided_ = SequenceNumber{number_in_key(*value)};
  store.scan(Column::contributions, self_.view(), [&](ByteView, ByteView value) {
    StoredContribution stored = decode_stored_contribution(value);
    Entry entry{std::move(stored.contribution), {}, std::nullopt};
    if (!stored.parts.empty()) entry.large = decode_large(stored.parts);
    if (entry.contribution.sequence > highest_decided_) {
      undecided_.emplace(entry.contribution.sequence, std::move(entry));
    } else {
      accepted_.insert_or_assign(entry.contribution.topic, std::move(entry));
    }
  });
  for (auto& [sequence, entry] : undecided_) entry.id = id_of(entry);
}

SequenceNumber Outbox::last() const {
  return undecided_.empty() ? highest_decided_ : undecided_.rbegin()->first;
}

WriteSet Outbox::add(Topic topic, Revision learned_against, Bytes payload) {
  WriteSet writes;
  if (undecided_.size() >= crowded_) writes = drop_superseded();
  Entry entry{{self_, next(last()), learned_against, std::move(topic), std::move(payload)}, {}, std::nullopt};
  entry.id = entry.contribution.id();
  if (entry.contribution.payload.size() > sizes_.inline_bytes) {
    const Bytes content = std::exchange(entry.contribution.payload, {});
    entry.large = Large{PartsOwner::contribution, Digest::of(content), content.size(), sizes_.part_bytes};
    put_parts(*entry.large, content, writes);
  }
  writes.put(Column::contributions, key(entry.contribution.sequence), record_of(entry));
  undecided_.emplace(entry.contribution.sequence, std::move(entry));
  return writes;
}

// Of each topic the latest counts, so what it replaces need never be said. Those that may be on their way get other
// numbers than the aggregator knows; it says so, and both agree anew.
WriteSet Outbox::drop_superseded() {
  WriteSet writes;
  std::set<Topic> said;
  std::vector<Entry> gone;
  for (auto it = undecided_.end(); it != undecided_.begin();)
    if (const auto here = --it; !said.insert(here->second.contribution.topic).second) {
      it = std::next(here);
      gone.push_back(std::move(undecided_.extract(here).mapped()));
    }
  crowded_ = std::max(kMostUndecided, 2 * undecided_.size());
  for (const Entry& entry : gone) {
    writes.erase(Column::contributions, key(entry.contribution.sequence));
    erase_payload(entry, writes);
  }
  if (!gone.empty()) writes.append(renumber_from(highest_decided_, std::exchange(undecided_, {})));
  return writes;
}

WriteSet Outbox::drop_unsendable(std::vector<Topic>& dropped) {
  WriteSet writes;
  std::vector<Entry> gone;
  for (auto it = undecided_.begin(); it != undecided_.end();) {
    const auto here = it++;
    if (protocol::topic_objection(here->second.contribution.topic))
      gone.push_back(std::move(undecided_.extract(here).mapped()));
  }
  for (auto it = accepted_.begin(); it != accepted_.end();) {
    const auto here = it++;
    if (protocol::topic_objection(here->first)) gone.push_back(std::move(accepted_.extract(here).mapped()));
  }
  if (gone.empty()) return writes;
  for (Entry& entry : gone) {
    writes.erase(Column::contributions, key(entry.contribution.sequence));
    erase_payload(entry, writes);
    dropped.push_back(std::move(entry.contribution.topic));
  }
  writes.append(renumber(highest_decided_));
  return writes;
}

WriteSet Outbox::decided(const Digest& id, bool accepted) {
  WriteSet writes;
  if (undecided_.empty() || undecided_.begin()->second.id != id) return writes;
  Entry entry = std::move(undecided_.begin()->second);
  undecided_.erase(undecided_.begin());
  invariant(entry.contribution.sequence == next(highest_decided_), "contributions are decided in their order");
  highest_decided_ = entry.contribution.sequence;
  record_highest(writes);
  if (!accepted) {
    writes.erase(Column::contributions, key(entry.contribution.sequence));
    erase_payload(entry, writes);
    return writes;
  }
  Topic topic = entry.contribution.topic;
  const auto older = accepted_.find(topic);
  if (older == accepted_.end()) {
    accepted_.emplace(std::move(topic), std::move(entry));
    return writes;
  }
  const Entry gone = std::exchange(older->second, std::move(entry));
  writes.erase(Column::contributions, key(gone.contribution.sequence));
  erase_payload(gone, writes);
  return writes;
}

void Outbox::erase_payload(const Entry& gone, WriteSet& writes) const {
  if (!gone.large) return;
  const auto shares = [&](const auto& other) {
    return other.second.large && other.second.large->name == gone.large->name;
  };
  if (std::ranges::none_of(undecided_, shares) && std::ranges::none_of(accepted_, shares))
    erase_parts(*gone.large, writes);
}

WriteSet Outbox::renumber(SequenceNumber highest_decided) {
  invariant(highest_decided >= highest_decided_, "what is decided stays decided");
  return renumber_from(highest_decided, std::exchange(undecided_, {}));
}

WriteSet Outbox::offer_again(SequenceNumber highest_decided) {
  Entries all = std::exchange(undecided_, {});
  for (auto& [topic, entry] : accepted_) all.emplace(entry.contribution.sequence, std::move(entry));
  accepted_.clear();
  return renumber_from(highest_decided, std::move(all));
}

WriteSet Outbox::renumber_from(SequenceNumber highest_decided, Entries&& entries) {
  WriteSet writes;
  for (const auto& [sequence, entry] : entries) writes.erase(Column::contributions, key(sequence));
  highest_decided_ = highest_decided;
  record_highest(writes);
  for (auto& [old_sequence, entry] : entries) {
    entry.contribution.sequence = next(last());
    entry.id = id_of(entry);
    writes.put(Column::contributions, key(entry.contribution.sequence), record_of(entry));
    undecided_.emplace(entry.contribution.sequence, std::move(entry));
  }
  invariant(number(last()) == number(highest_decided_) + undecided_.size(), "contributions are numbered without gaps");
  return writes;
}

std::vector<Contribution> Outbox::next_batch(std::size_t bytes) const {
  std::vector<Contribution> batch;
  std::size_t used = 0;
  for (const auto& [sequence, entry] : undecided_) {
    const std::size_t payload = entry.large ? entry.large->bytes : entry.contribution.payload.size();
    used += payload + entry.contribution.topic.subject.size() + 128;
    if (!batch.empty() && used > bytes) break;
    batch.push_back(whole(entry));
  }
  return batch;
}

std::vector<Contribution> Outbox::next_small_batch(std::size_t bytes) const {
  std::vector<Contribution> batch;
  std::size_t used = 0;
  for (const auto& [sequence, entry] : undecided_) {
    used += entry.contribution.payload.size() + entry.contribution.topic.subject.size() + 128;
    if (entry.large || (!batch.empty() && used > bytes)) break;
    batch.push_back(entry.contribution);
  }
  return batch;
}

Contribution Outbox::whole(const Entry& entry) const {
  Contribution contribution = entry.contribution;
  if (entry.large) contribution.payload = payload(entry, 0, entry.large->bytes);
  return contribution;
}

Bytes Outbox::payload(const Entry& entry, std::uint64_t offset, std::uint64_t length) const {
  auto piece = load(store_, *entry.large, offset, length);
  require(piece.has_value(), "the state lacks parts of what this client learned on '" +
                                 entry.contribution.topic.subject + "'; restore it from a copy");
  return *std::move(piece);
}

Digest Outbox::id_of(const Entry& entry) const {
  if (!entry.large) return entry.contribution.id();
  Hasher hasher;
  begin_id(hasher, entry.contribution, entry.large->bytes);
  for (std::uint64_t part = 0; part < entry.large->parts(); ++part)
    hasher.more(payload(entry, part * entry.large->part_bytes, entry.large->part_bytes));
  return hasher.finish();
}

void Outbox::record_highest(WriteSet& writes) const {
  writes.put(Column::meta, highest_decided_name(), key_of(number(highest_decided_)));
}

}  // namespace outrider::client
