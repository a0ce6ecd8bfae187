// The client's copy of the merged knowledge, as of a revision. Lives in the store, not in memory.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "protocol/messages.h"
#include "storage/parts.h"

namespace outrider::client {

class Replica {
 public:
  // `store` must outlive the replica. Restores the revision.
  explicit Replica(const Store& store);

  Revision revision() const { return revision_; }
  // Of the next revision it has what goes up to this topic; empty: nothing of it.
  const Topic& within() const { return within_; }
  // The newest revision of which it has something.
  Revision reaches() const { return within_ == Topic{} ? revision_ : next(revision_); }

  // Brings the copy from where `knowledge` begins to where it ends. Nothing happens unless it stands in between: the
  // answer is an echo then.
  // `fetched` says where the payloads lie that `knowledge` refers to and the replica does not have yet.
  WriteSet apply(const protocol::Knowledge& knowledge, std::span<const Large> fetched = {});
  // Whether it would get on with it.
  bool takes(const protocol::Knowledge& knowledge) const {
    return knowledge.since == revision_ && knowledge.after <= within_ &&
           std::pair(knowledge.through, knowledge.up_to) > std::pair(revision_, within_);
  }
  // Whether some topic has this payload.
  bool has(const Digest& payload) const;

  // What it says to know and lacks in whole or in part: its state was damaged. Reads all that is large.
  std::vector<Topic> lacking() const;

  // Where it says that what is large lies, by topic.
  const std::map<Topic, Large>& large() const { return large_; }

  // Forgets everything: the aggregator is another one, or knows less than it did.
  WriteSet clear();

 private:
  // Where a payload that is referred to lies; nothing: it is not referred to.
  std::optional<Large> place_of(const protocol::KnowledgeEntry& entry, std::span<const Large> fetched) const;
  // Notes where the topic's payload lies from now on, and in `gone` where it lay.
  void place(const Topic& topic, const std::optional<Large>& large, std::vector<Large>& gone, WriteSet& writes);

  const Store& store_;
  Revision revision_{};
  Topic within_;
  std::map<Topic, Large> large_;  // payloads that lie in parts
};

// The revision that the copy in a store is of: nothing in it changes without it.
Revision known_revision(const Store& store);

// Calls visit(topic, payload), which may read from the store, for all merged knowledge of a kind in a space, sorted by
// subject.
void for_each_known(const Store& store, const std::string& kind, const Digest& space,
                    const std::function<void(const Topic&, ByteView payload)>& visit);

// The merged knowledge on a topic; nothing if there is none. Also while another thread commits.
std::optional<Bytes> known(const Store& store, const Topic& topic);

// A topic as a key: kind, 0, space, subject. Sorts by kind, then space, then subject.
Bytes topic_key(const Topic& topic);
// Throws InputError when the bytes are no such key.
Topic topic_of(ByteView key);

}  // namespace outrider::client
