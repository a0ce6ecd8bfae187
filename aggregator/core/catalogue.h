// What is known, by topic: the merges of all families and the revision in which each topic last changed.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "knowledge/family.h"
#include "protocol/messages.h"

namespace outrider::aggregator {

struct CatalogueLimits {
  std::size_t topics = 1'000'000;       // that anybody contributes to, whatever the kind and space
  std::size_t client_topics = 100'000;  // that one client contributes to
  // Topics that nobody contributes to any more are remembered so that replicas drop them, the latest of them: a replica
  // that is older than one which is forgotten has to begin anew.
  std::size_t withdrawn = 65'536;
};

// What one answer may hold. It ends between two revisions where it can, else, if its reader can go on there, within
// one.
struct PageLimits {
  std::size_t bytes = SIZE_MAX;
  std::size_t entries = SIZE_MAX;
};

// A fold over accepted contributions; its merged knowledge is a pure function of their set. Not thread-safe.
class Catalogue {
 public:
  explicit Catalogue(const std::vector<std::unique_ptr<Family>>& families, CatalogueLimits limits = {});

  // Lets contributions refer to the blob `space` (a definition). Throws InputError when no family can use it.
  void open_space(const Digest& space, ByteView definition);

  // Why the contribution cannot be merged, or what it says.
  Admission admit(const Contribution& contribution) const;
  // Why nothing can be merged on the topic by a payload of so many bytes, whatever it holds; nothing: it may be.
  std::optional<std::string> early_objection(const Topic& topic, std::uint64_t bytes) const;
  // Why there is no room for what the client says on the topic; nothing if there is.
  std::optional<std::string> no_room(const ClientId& client, const Topic& topic) const;
  // On how many topics something of the client's is merged.
  std::size_t topics_of(const ClientId& client) const;
  // Whether something of the client's is merged on the topic.
  bool has(const ClientId& client, const Topic& topic) const;

  // What it is, for people: "'bag'", "its update of round 7".
  std::string describe(const Contribution& contribution) const;

  // See Merge::client_joined.
  void client_joined(const Capacity& capacity);
  // What families have to say themselves: see Merge::step.
  std::vector<OwnContribution> step(const Digest& space, const Present& present, Instant now);
  Instant deadline() const;

  // Takes a contribution without objection that is newer than what its client said before on the topic. `said` is what
  // admit() has read; without it, it is read here.
  void fold(const Contribution& contribution, Revision revision, std::unique_ptr<Decoded> said = nullptr);

  // Whether there are topics of this kind; and all of them have changed in `revision`, if not later.
  bool has_any(const std::string& kind) const;
  void touch(const std::string& kind, Revision revision);

  // Forgets the oldest of the topics that nobody contributes to where there are more than may be.
  void forget_withdrawn();
  // Replicas that stand before this revision may have what has been forgotten.
  Revision forgotten() const { return forgotten_; }
  // By which families merge, by kind; those that have rules.
  std::map<std::string, std::string> rules() const;
  // See Merge::examples_of().
  std::uint64_t examples_of(const Contribution& contribution) const;
  // The last in which something changed.
  Revision newest() const { return by_revision_.empty() ? Revision{} : by_revision_.rbegin()->first; }
  void forgot(Revision revision) { forgotten_ = std::max(forgotten_, revision); }

  // How the payload of a topic goes into an answer; `changed` tells it from an earlier one.
  using EntryOf = std::function<protocol::KnowledgeEntry(const Topic& topic, Revision changed)>;
  // What changed after what `want` says, oldest change first; entries are sorted by topic. `now` is the current
  // revision: `through` equals it unless the answer was cut. With a capacity only what concerns clients that have it.
  // Nothing: one revision alone does not fit into a message, and the reader takes only whole ones.
  std::optional<protocol::Knowledge> changes(const protocol::Want& want, Revision now, const PageLimits& limits,
                                             const std::optional<Capacity>& capacity, const EntryOf& entry_of) const;
  // All of it, and all that changed after a revision.
  protocol::Knowledge everything(Revision now) const { return changes_since({}, now); }
  // With a capacity only what concerns clients that have it.
  protocol::Knowledge changes_since(Revision revision, Revision now,
                                    const std::optional<Capacity>& capacity = {}) const;
  protocol::KnowledgeEntry whole_entry(const Topic& topic) const { return {topic, merged(topic), {}, 0}; }

  // Topics with at least one contributor, sorted by topic: at most so many that follow `after`.
  std::vector<protocol::TopicStatus> topics(const Topic& after = {}, std::size_t most = SIZE_MAX) const;
  // How many there are, and how many of them in one space.
  std::size_t size() const { return entries_.size() - withdrawn_.size(); }
  std::size_t size_of(const Digest& space) const;
  // What families have to say of themselves.
  std::vector<Fact> facts(const Digest& space, Instant now) const;

  // The digest of all merged knowledge: equal states have equal digests, whatever the way they came about.
  Digest digest() const;

 private:
  std::string kinds() const;  // for people
  struct Entry {
    Revision changed{};
    std::set<ClientId> contributors;
  };

  Merge* merge_of(const std::string& kind) const;
  Bytes merged(const Topic& topic) const { return merge_of(topic.kind)->merged(topic); }

  std::map<std::string, std::unique_ptr<Merge>, std::less<>> merges_;
  CatalogueLimits limits_;
  std::map<Topic, Entry> entries_;
  std::set<std::pair<Revision, Topic>> by_revision_;
  std::set<std::pair<Revision, Topic>> withdrawn_;  // those that nobody contributes to
  std::map<ClientId, std::size_t> topics_of_;       // how many each contributes to
  std::map<Digest, std::size_t> topics_in_;         // how many each space has
  Revision forgotten_{};
};

}  // namespace outrider::aggregator
