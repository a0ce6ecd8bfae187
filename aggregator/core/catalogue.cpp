#include "aggregator/core/catalogue.h"

#include <algorithm>

#include "knowledge/definition.h"
#include "knowledge/error.h"
#include "knowledge/invariant.h"
#include "knowledge/utf8.h"
#include "protocol/limits.h"

namespace outrider::aggregator {

namespace {

// How many there are of each, and no entry for none.
template <typename Key>
void count(std::map<Key, std::size_t>& counts, const Key& key, bool more) {
  if (more) {
    ++counts[key];
  } else {
    const auto known = counts.find(key);
    invariant(known != counts.end() && known->second > 0, "what is taken away was counted");
    if (--known->second == 0) counts.erase(known);
  }
}

}  // namespace

Catalogue::Catalogue(const std::vector<std::unique_ptr<Family>>& families, CatalogueLimits limits) : limits_(limits) {
  for (const auto& family : families) merges_.emplace(family->kind(), family->make_merge());
}

void Catalogue::open_space(const Digest& space, ByteView definition) {
  if (const auto enveloped = Definition::decode(definition)) {
    Merge* merge = merge_of(enveloped->kind);
    if (merge == nullptr)
      throw InputError("what clients are to learn with is of the kind " + utf8::quoted(enveloped->kind) +
                       ", which is unknown here; known: " + kinds());
    if (const auto objection = merge->open_space(space, enveloped->content))
      throw InputError("what clients are to learn with, " + space.brief() + ", cannot be used: " + *objection);
    return;
  }
  std::string objections;
  bool opened = false;
  for (const auto& [kind, merge] : merges_) {
    if (const auto objection = merge->open_space(space, definition)) {
      if (merge->recognises(definition))
        throw InputError("the model " + space.brief() + " cannot be learned: " + *objection);
      objections += (objections.empty() ? "" : "; ") + kind + ": " + *objection;
    } else {
      opened = true;
    }
  }
  if (!opened) throw InputError("no family can learn in the space " + space.brief() + " (" + objections + ")");
}

std::string Catalogue::kinds() const {
  std::string known;
  for (const auto& [kind, unused] : merges_) known += (known.empty() ? "" : ", ") + kind;
  return known;
}

std::optional<std::string> Catalogue::early_objection(const Topic& topic, std::uint64_t bytes) const {
  const Merge* merge = merge_of(topic.kind);
  if (merge == nullptr) {
    return "the kind of knowledge " + utf8::quoted(topic.kind) + " is unknown here; known: " + kinds();
  }
  if (bytes == 0) return std::nullopt;
  const auto most = merge->most_bytes(topic);
  if (!most)
    return "in the space " + topic.space.brief() + " no " + topic.kind + " can be taught on " +
           utf8::quoted(topic.subject) + " here";
  if (bytes <= *most) return std::nullopt;
  return "the payload has " + std::to_string(bytes) + " bytes; a " + topic.kind + " on " + utf8::quoted(topic.subject) +
         " takes at most " + std::to_string(*most);
}

Admission Catalogue::admit(const Contribution& contribution) const {
  if (auto reason = early_objection(contribution.topic, contribution.payload.size())) return {std::move(reason), {}};
  if (contribution.withdraws()) return {};
  return merge_of(contribution.topic.kind)->admit(contribution);
}

std::string Catalogue::describe(const Contribution& contribution) const {
  const Merge* merge = merge_of(contribution.topic.kind);
  std::string description = merge == nullptr ? std::string{} : merge->describe(contribution);
  return description.empty() ? utf8::quoted(contribution.topic.subject) : description;
}

std::vector<OwnContribution> Catalogue::step(const Digest& space, const Present& present, Instant now) {
  std::vector<OwnContribution> own_contributions;
  for (const auto& [kind, merge] : merges_)
    std::ranges::move(merge->step(space, present, now), std::back_inserter(own_contributions));
  return own_contributions;
}

void Catalogue::client_joined(const Capacity& capacity) {
  for (const auto& [kind, merge] : merges_) merge->client_joined(capacity);
}

Instant Catalogue::deadline() const {
  Instant soonest = kNever;
  for (const auto& [kind, merge] : merges_) soonest = std::min(soonest, merge->deadline());
  return soonest;
}

std::optional<std::string> Catalogue::no_room(const ClientId& client, const Topic& topic) const {
  const auto known = entries_.find(topic);
  const bool taught = known != entries_.end() && !known->second.contributors.empty();
  if (taught && known->second.contributors.contains(client)) return std::nullopt;
  if (const auto own = topics_of_.find(client); own != topics_of_.end() && own->second >= limits_.client_topics)
    return "this client already teaches " + std::to_string(own->second) + " topics; at most " +
           std::to_string(limits_.client_topics) + " are accepted from one";
  if (!taught && size() >= limits_.topics)
    return "there are already " + std::to_string(size()) + " topics; at most " + std::to_string(limits_.topics) +
           " are accepted";
  return std::nullopt;
}

std::map<std::string, std::string> Catalogue::rules() const {
  std::map<std::string, std::string> rules;
  for (const auto& [kind, merge] : merges_)
    if (std::string text = merge->rules(); !text.empty()) rules.emplace(kind, std::move(text));
  return rules;
}

std::uint64_t Catalogue::examples_of(const Contribution& contribution) const {
  const Merge* merge = merge_of(contribution.topic.kind);
  return merge == nullptr ? 0 : merge->examples_of(contribution);
}

std::size_t Catalogue::topics_of(const ClientId& client) const {
  const auto known = topics_of_.find(client);
  return known == topics_of_.end() ? 0 : known->second;
}

bool Catalogue::has(const ClientId& client, const Topic& topic) const {
  const auto known = entries_.find(topic);
  return known != entries_.end() && known->second.contributors.contains(client);
}

void Catalogue::fold(const Contribution& contribution, Revision revision, std::unique_ptr<Decoded> said) {
  Merge* merge = merge_of(contribution.topic.kind);
  invariant(merge != nullptr, "only knowledge of a known kind is merged");
  const Topic& topic = contribution.topic;
  if (!contribution.withdraws()) {
    if (!said) said = merge->read(contribution);  // throws before anything has changed
    merge->take(contribution, *said);
  }
  Entry& entry = entries_[topic];
  const bool was_taught = !entry.contributors.empty();
  if (contribution.withdraws()) {
    merge->erase(contribution.client, topic);
    if (entry.contributors.erase(contribution.client) > 0) count(topics_of_, contribution.client, false);
  } else {
    if (entry.contributors.insert(contribution.client).second) count(topics_of_, contribution.client, true);
  }
  const bool is_taught = !entry.contributors.empty();
  if (was_taught != is_taught) count(topics_in_, topic.space, is_taught);
  by_revision_.erase({entry.changed, topic});
  withdrawn_.erase({entry.changed, topic});
  entry.changed = std::max(entry.changed, revision);
  by_revision_.insert({entry.changed, topic});
  if (!is_taught) withdrawn_.insert({entry.changed, topic});
  invariant(by_revision_.size() == entries_.size(), "each topic last changed in one revision");
}

bool Catalogue::has_any(const std::string& kind) const {
  const auto first = entries_.lower_bound({kind, {}, {}});
  return first != entries_.end() && first->first.kind == kind;
}

void Catalogue::touch(const std::string& kind, Revision revision) {
  for (auto it = entries_.lower_bound({kind, {}, {}}); it != entries_.end() && it->first.kind == kind; ++it) {
    auto& [topic, entry] = *it;
    if (entry.contributors.empty() || entry.changed >= revision) continue;
    by_revision_.erase({entry.changed, topic});
    entry.changed = revision;
    by_revision_.insert({entry.changed, topic});
  }
  invariant(by_revision_.size() == entries_.size(), "each topic last changed in one revision");
}

void Catalogue::forget_withdrawn() {
  while (withdrawn_.size() > limits_.withdrawn) {
    const auto oldest = withdrawn_.begin();
    forgotten_ = std::max(forgotten_, oldest->first);
    by_revision_.erase(*oldest);
    entries_.erase(oldest->second);
    withdrawn_.erase(oldest);
  }
  invariant(withdrawn_.size() <= limits_.withdrawn && by_revision_.size() == entries_.size(),
            "what has been withdrawn is remembered within its bound");
}

std::optional<protocol::Knowledge> Catalogue::changes(const protocol::Want& want, Revision now,
                                                      const PageLimits& limits, const std::optional<Capacity>& capacity,
                                                      const EntryOf& entry_of) const {
  protocol::Knowledge knowledge{want.since, now, {}, want.after, {}};
  if (want.since >= now) return knowledge;
  std::size_t used = 0;
  std::size_t whole = 0;  // entries of revisions that are complete
  std::pair<Revision, Topic> last{want.since, {}};
  Revision boundary = want.since;
  const std::pair<Revision, Topic> from{next(want.since), want.after};
  auto it = want.after == Topic{} ? by_revision_.lower_bound(from) : by_revision_.upper_bound(from);
  for (; it != by_revision_.end(); last = *it++) {
    const auto& [revision, topic] = *it;
    if (revision != last.first) {
      whole = knowledge.entries.size();
      boundary = last.first;
    }
    if (capacity && !merge_of(topic.kind)->visible_to(topic, *capacity)) continue;
    protocol::KnowledgeEntry entry = entry_of(topic, revision);
    const std::size_t size = protocol::most_wire_bytes(entry);
    const auto exceeds = [&](std::size_t bytes, std::size_t entries) {
      return used + size > bytes || knowledge.entries.size() + 1 > entries;
    };
    // A page takes one entry at least, and all of a revision that is small.
    const bool full = !knowledge.entries.empty() && exceeds(limits.bytes, limits.entries);
    const bool fits = limits.bytes == SIZE_MAX || !exceeds(protocol::kMaxKnowledgeBytes, protocol::kMaxEntries);
    if ((full && (whole > 0 || want.paged)) || !fits) {
      if (whole > 0) {
        knowledge.entries.resize(whole);
        knowledge.through = boundary;
      } else if (want.paged && !knowledge.entries.empty()) {
        invariant(revision == last.first, "a page ends within the revision of its last entry");
        knowledge.through = Revision{number(revision) - 1};
        knowledge.up_to = last.second;
      } else {
        return std::nullopt;
      }
      break;
    }
    used += size;
    knowledge.entries.push_back(std::move(entry));
  }
  std::ranges::sort(knowledge.entries, {}, &protocol::KnowledgeEntry::topic);
  return knowledge;
}

protocol::Knowledge Catalogue::changes_since(Revision revision, Revision now,
                                             const std::optional<Capacity>& capacity) const {
  return *changes({.since = revision}, now, {}, capacity,
                  [&](const Topic& topic, Revision) { return whole_entry(topic); });
}

std::vector<protocol::TopicStatus> Catalogue::topics(const Topic& after, std::size_t most) const {
  std::vector<protocol::TopicStatus> result;
  for (auto it = after == Topic{} ? entries_.begin() : entries_.upper_bound(after);
       it != entries_.end() && result.size() < most; ++it) {
    const auto& [topic, entry] = *it;
    if (entry.contributors.empty()) continue;
    result.push_back({topic, static_cast<std::uint32_t>(entry.contributors.size()), entry.changed,
                      merge_of(topic.kind)->examples(topic)});
  }
  return result;
}

std::size_t Catalogue::size_of(const Digest& space) const {
  const auto known = topics_in_.find(space);
  return known == topics_in_.end() ? 0 : known->second;
}

std::vector<Fact> Catalogue::facts(const Digest& space, Instant now) const {
  std::vector<Fact> facts;
  for (const auto& [kind, merge] : merges_) std::ranges::move(merge->facts(space, now), std::back_inserter(facts));
  return facts;
}

Digest Catalogue::digest() const {
  Hasher hasher;
  for (const auto& [topic, entry] : entries_) {
    if (entry.contributors.empty()) continue;
    hasher.field(topic.kind).field(topic.space.view()).field(topic.subject).field(merged(topic));
  }
  return hasher.finish();
}

Merge* Catalogue::merge_of(const std::string& kind) const {
  const auto it = merges_.find(kind);
  return it == merges_.end() ? nullptr : it->second.get();
}

}  // namespace outrider::aggregator
