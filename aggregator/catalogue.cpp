#include "aggregator/catalogue.h"

#include <algorithm>
#include <cassert>

#include "knowledge/error.h"
#include "knowledge/utf8.h"

namespace outrider::aggregator {

Catalogue::Catalogue(const std::vector<std::unique_ptr<Family>>& families) {
  for (const auto& family : families) merges_.emplace(family->kind(), family->make_merge());
}

void Catalogue::open_space(const Digest& space, ByteView definition) {
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

std::optional<std::string> Catalogue::objection(const Contribution& contribution) const {
  const Merge* merge = merge_of(contribution.topic.kind);
  if (merge == nullptr) {
    std::string known;
    for (const auto& [kind, unused] : merges_) known += (known.empty() ? "" : ", ") + kind;
    return "the kind of knowledge " + utf8::quoted(contribution.topic.kind) + " is unknown here; known: " + known;
  }
  if (contribution.withdraws()) return std::nullopt;
  return merge->objection(contribution);
}

std::vector<Saying> Catalogue::conduct(const Digest& space, const Present& present, Instant now) {
  std::vector<Saying> sayings;
  for (const auto& [kind, merge] : merges_)
    std::ranges::move(merge->conduct(space, present, now), std::back_inserter(sayings));
  return sayings;
}

void Catalogue::meet(const Capacity& capacity) {
  for (const auto& [kind, merge] : merges_) merge->meet(capacity);
}

Instant Catalogue::deadline() const {
  Instant soonest = kNever;
  for (const auto& [kind, merge] : merges_) soonest = std::min(soonest, merge->deadline());
  return soonest;
}

void Catalogue::fold(const Contribution& contribution, Revision revision) {
  Merge* merge = merge_of(contribution.topic.kind);
  assert(merge != nullptr);
  if (!contribution.withdraws()) merge->put(contribution);  // throws before anything has changed
  Entry& entry = entries_[contribution.topic];
  if (contribution.withdraws()) {
    merge->erase(contribution.client, contribution.topic);
    entry.contributors.erase(contribution.client);
  } else {
    entry.contributors.insert(contribution.client);
  }
  by_revision_.erase({entry.changed, contribution.topic});
  entry.changed = std::max(entry.changed, revision);
  by_revision_.insert({entry.changed, contribution.topic});
}

protocol::Knowledge Catalogue::changes(Revision since, Revision now, std::size_t bytes,
                                       const std::optional<Capacity>& capacity) const {
  protocol::Knowledge knowledge;
  knowledge.since = since;
  knowledge.through = now;
  std::size_t used = 0;
  Revision last{};
  for (auto it = by_revision_.lower_bound({next(since), Topic{}}); it != by_revision_.end(); ++it) {
    const auto& [revision, topic] = *it;
    if (capacity && !merge_of(topic.kind)->concerns(topic, *capacity)) continue;
    if (used > bytes && revision != last) {
      knowledge.through = last;
      break;
    }
    knowledge.entries.push_back({topic, merged(topic)});
    used += knowledge.entries.back().payload.size() + topic.subject.size() + 64;
    last = revision;
  }
  std::ranges::sort(knowledge.entries, {}, &protocol::KnowledgeEntry::topic);
  return knowledge;
}

std::vector<protocol::TopicStatus> Catalogue::topics() const {
  std::vector<protocol::TopicStatus> result;
  for (const auto& [topic, entry] : entries_) {
    if (!entry.contributors.empty())
      result.push_back({topic, static_cast<std::uint32_t>(entry.contributors.size()), entry.changed});
  }
  return result;
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
