// What the client has learned and said, durably: contributions until they are decided, and the latest of each topic.
#pragma once

#include <map>
#include <vector>

#include "knowledge/contribution.h"
#include "storage/store.h"

namespace outrider::client {

// The column "contributions" of a client's store, kept in memory too. Every change returns what to write; it is not
// durable before that is committed. Sequence numbers are given here, without gaps. Not thread-safe.
class Outbox {
 public:
  // Restores what `store` holds.
  Outbox(ClientId self, const Store& store);

  // Gives a contribution the next number and keeps it until it is decided.
  WriteSet add(Topic topic, Revision learned_against, Bytes payload);

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

  // The first undecided contributions in order, as many as fit into `bytes` but at least one.
  std::vector<Contribution> next_batch(std::size_t bytes) const;

 private:
  Bytes key(SequenceNumber sequence) const { return key_of(self_.view(), number(sequence)); }
  void record_highest(WriteSet& writes) const;
  WriteSet renumber_from(SequenceNumber highest_decided, std::map<SequenceNumber, Contribution>&& contributions);

  ClientId self_;
  SequenceNumber highest_decided_{};
  std::map<SequenceNumber, Contribution> undecided_;
  std::map<Topic, Contribution> accepted_;  // the latest accepted of each topic
};

}  // namespace outrider::client
