// The client's copy of the merged knowledge, as of a revision. Lives in the store, not in memory.
#pragma once

#include <functional>

#include "protocol/messages.h"
#include "storage/store.h"

namespace outrider::client {

class Replica {
 public:
  // `store` must outlive the replica. Restores the revision.
  explicit Replica(const Store& store);

  Revision revision() const { return revision_; }

  // Brings the copy from `knowledge.since` to `knowledge.through`. Nothing happens unless it stands at `since`: the
  // answer is an echo then.
  WriteSet apply(const protocol::Knowledge& knowledge);

  // Forgets everything: the aggregator is another one, or knows less than it did.
  WriteSet clear();

 private:
  const Store& store_;
  Revision revision_{};
};

// Calls visit(topic, payload) for all merged knowledge of a kind in a space, sorted by subject.
void for_each_known(const Store& store, const std::string& kind, const Digest& space,
                    const std::function<void(const Topic&, ByteView payload)>& visit);

// A topic as a key: kind, 0, space, subject. Sorts by kind, then space, then subject.
Bytes topic_key(const Topic& topic);
// Throws InputError when the bytes are no such key.
Topic topic_of(ByteView key);

}  // namespace outrider::client
