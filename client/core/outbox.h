// What the client has learned and said, durably: contributions until they are decided, and the latest of each topic.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "knowledge/contribution.h"
#include "storage/parts.h"

namespace outrider::client {

// What is too large to be kept, sent and read as one.
struct PartSizes {
  std::size_t inline_bytes = 512u << 10;  // a payload that is larger is kept and sent in parts
  std::size_t part_bytes = 256u << 10;    // of a stored part
};

// The column "contributions" of a client's store, kept in memory too, but for payloads that are large: those lie in the
// store alone, once, under their digest. Every change returns what to write; it is not durable before that is
// committed. Sequence numbers are given here, without gaps. Not thread-safe.
class Outbox {
 public:
  struct Entry {
    Contribution contribution;   // without the payload where that is large
    Digest id;                   // of the contribution; computed while it is undecided
    std::optional<Large> large;  // where the payload lies
  };

  // Restores what `store` holds, which must outlive the outbox.
  Outbox(ClientId self, const Store& store, PartSizes sizes = {});

  // So many wait at most, or twice as many as there are topics among them: of a client that nobody answers for long,
  // those go that later ones on their topic have replaced.
  static constexpr std::size_t kMostUndecided = 1024;

  // Gives a contribution the next number and keeps it until it is decided. What was added before must be durable.
  WriteSet add(Topic topic, Revision learned_against, Bytes payload);

  // Takes out what no message can carry, which earlier versions kept: it would hold up all that follows. Those that
  // follow are numbered anew. Adds the topics to `dropped`.
  WriteSet drop_unsendable(std::vector<Topic>& dropped);

  // The aggregator's last word on a contribution. Only the latest of each topic stays, to be offered again should the
  // aggregator lose its state. No effect unless it is the first undecided one: the aggregator decides in order, and
  // anything else is an echo.
  WriteSet decided(const Digest& contribution, bool accepted);

  // Makes the undecided contributions follow `highest_decided`, numbered anew without gaps in their old order.
  // `highest_decided` is at least what it was.
  WriteSet renumber(SequenceNumber highest_decided);
  // The aggregator knows less than it had acknowledged: offers the latest of each topic again as well.
  WriteSet offer_again(SequenceNumber highest_decided);

  // Everything up to it is decided at the aggregator, as far as the client knows.
  SequenceNumber highest_decided() const { return highest_decided_; }
  // The highest number given.
  SequenceNumber last() const;
  std::size_t undecided() const { return undecided_.size(); }
  // The first undecided one; null: there is none.
  const Entry* first() const { return undecided_.empty() ? nullptr : &undecided_.begin()->second; }

  // The first undecided contributions in order, as many as fit into `bytes` but at least one.
  std::vector<Contribution> next_batch(std::size_t bytes) const;
  // Likewise, as far as they are small: none if the first is large.
  std::vector<Contribution> next_small_batch(std::size_t bytes) const;
  // A piece of a large payload that has been committed. Throws InputError when the store has lost it.
  Bytes payload(const Entry& entry, std::uint64_t offset, std::uint64_t length) const;

 private:
  using Entries = std::map<SequenceNumber, Entry>;

  Bytes key(SequenceNumber sequence) const { return key_of(self_.view(), number(sequence)); }
  WriteSet drop_superseded();
  void record_highest(WriteSet& writes) const;
  WriteSet renumber_from(SequenceNumber highest_decided, Entries&& entries);
  Contribution whole(const Entry& entry) const;
  Digest id_of(const Entry& entry) const;
  // Of an entry that is not in the outbox any more: the parts go unless another has the same payload.
  void erase_payload(const Entry& gone, WriteSet& writes) const;

  ClientId self_;
  const Store& store_;
  PartSizes sizes_;
  SequenceNumber highest_decided_{};
  Entries undecided_;
  std::size_t crowded_ = kMostUndecided;  // undecided ones, with which the next one makes room
  std::map<Topic, Entry> accepted_;       // the latest accepted of each topic
};

}  // namespace outrider::client
