// What is known, by topic: the merges of all families and the revision in which each topic last changed.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "knowledge/family.h"
#include "protocol/messages.h"

namespace outrider::aggregator {

// A fold over accepted contributions; its merged knowledge is a pure function of their set. Not thread-safe.
class Catalogue {
 public:
  explicit Catalogue(const std::vector<std::unique_ptr<Family>>& families);

  // Lets contributions refer to the blob `space` (an encoder). Throws InputError when no family can use it.
  void open_space(const Digest& space, ByteView definition);

  // Why the contribution cannot be merged, as one sentence; nothing if it can.
  std::optional<std::string> objection(const Contribution& contribution) const;

  // See Merge::meet.
  void meet(const Capacity& capacity);
  // What families have to say themselves: see Merge::conduct.
  std::vector<Saying> conduct(const Digest& space, const Present& present, Instant now);
  Instant deadline() const;

  // Takes a contribution without objection that is newer than what its client said before on the topic.
  void fold(const Contribution& contribution, Revision revision);

  // What changed after `since`, oldest change first, cut at a revision boundary once the payloads exceed `bytes`.
  // Entries are sorted by topic. `now` is the current revision: `through` equals it unless the answer was cut. With a
  // capacity only what concerns clients that have it.
  protocol::Knowledge changes(Revision since, Revision now, std::size_t bytes,
                              const std::optional<Capacity>& capacity = {}) const;

  // Topics with at least one contributor, sorted by topic.
  std::vector<protocol::TopicStatus> topics() const;

  // The digest of all merged knowledge: equal states have equal digests, whatever the way they came about.
  Digest digest() const;

 private:
  struct Entry {
    Revision changed{};
    std::set<ClientId> contributors;
  };

  Merge* merge_of(const std::string& kind) const;
  Bytes merged(const Topic& topic) const { return merge_of(topic.kind)->merged(topic); }

  std::map<std::string, std::unique_ptr<Merge>, std::less<>> merges_;
  std::map<Topic, Entry> entries_;
  std::set<std::pair<Revision, Topic>> by_revision_;
};

}  // namespace outrider::aggregator
