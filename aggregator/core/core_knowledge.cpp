// How the core answers who wants to know what is merged.
#include <algorithm>
#include <utility>

#include "aggregator/core/core.h"
#include "knowledge/invariant.h"
#include "protocol/limits.h"

namespace outrider::aggregator {

Effects Core::on(const ClientId& from, const protocol::Want& want, Instant now) {
  Effects effects;
  Client* client = seen(from, now);
  if (client != nullptr) {
    client->replica = want.since;
    const bool begins = want.since == Revision{} && want.after == Topic{};
    // Asked once more, it may go on with the first answer. A question from before a restart says nothing of its
    // replica.
    if (begins && client->may_begin && client->began == Revision{}) client->began = revision_;
    client->begins_anew = !begins && is_too_old(*client, want.since);
  }
  // It looks for the aggregator that it takes this for, says hello, and finds how things stand.
  if (client == nullptr || client->begins_anew) {
    effects.messages.push_back({from, protocol::Announce{ClientId{}, revision_, definition_}});
    return effects;
  }
  const Digest question = Hasher()
                              .field("want")
                              .field(number(revision_))
                              .field(number(want.since))
                              .field(want.after.kind)
                              .field(want.after.space.view())
                              .field(want.after.subject)
                              .field(std::uint64_t{want.by_reference} * 2 + std::uint64_t{want.paged})
                              .finish();
  if (!askers_.may_ask(from, question, now)) return effects;
  auto knowledge = page_of(want, client->capacity);
  if (!knowledge) {
    effects.messages.push_back(
        {from, protocol::Unsupported{.sentence = "what this aggregator learned after revision " +
                                                 std::to_string(number(want.since)) +
                                                 " does not fit into one message, and this client's program cannot "
                                                 "take it in several; a newer one can"}});
    return effects;
  }
  std::uint64_t bytes = 0;
  for (const protocol::KnowledgeEntry& entry : knowledge->entries) bytes += protocol::most_wire_bytes(entry);
  invariant(bytes <= protocol::kMaxKnowledgeBytes && knowledge->entries.size() <= protocol::kMaxEntries,
            "an answer fits into a message");
  invariant(knowledge->through <= revision_, "no answer tells of a revision that has not been made");
  askers_.given(from, bytes);
  effects.messages.push_back({from, *std::move(knowledge)});
  return effects;
}

std::optional<protocol::Knowledge> Core::page_of(const protocol::Want& want, const Capacity& capacity) {
  if (std::exchange(pages_revision_, revision_) != revision_) pages_.clear();
  const auto known = std::ranges::find_if(pages_, [&](const Page& page) {
    return page.want.since == want.since && page.want.after == want.after && page.want.paged == want.paged &&
           page.want.by_reference == want.by_reference && page.capacity == capacity;
  });
  if (known != pages_.end()) {
    // What it refers to must be at hand still.
    const bool is_there = std::ranges::all_of(known->knowledge.entries, [&](const protocol::KnowledgeEntry& entry) {
      return entry.digest.empty() || shelf_.find(entry.digest) != nullptr;
    });
    if (is_there) return known->knowledge;
    pages_.erase(known);
  }
  auto knowledge = catalogue_.changes(
      want, revision_, {limits_.knowledge_bytes, limits_.knowledge_entries}, capacity,
      [&](const Topic& topic, Revision changed) { return entry_of(topic, changed, want.by_reference); });
  if (knowledge && want.paged) {
    pages_.push_front({want, capacity, *knowledge});
    if (pages_.size() > limits_.pages) pages_.pop_back();
  }
  return knowledge;
}

protocol::KnowledgeEntry Core::entry_of(const Topic& topic, Revision changed, bool by_reference) {
  if (const auto known = shelved_.find(topic); by_reference && known != shelved_.end())
    if (const Shelved& large = known->second; large.changed == changed && shelf_.find(large.digest) != nullptr)
      return {topic, {}, large.digest, large.bytes};
  protocol::KnowledgeEntry entry = catalogue_.whole_entry(topic);
  if (!by_reference || entry.payload.size() <= limits_.inline_bytes) return entry;
  entry.digest = Digest::of(entry.payload);
  entry.bytes = entry.payload.size();
  shelf_.put(entry.digest, std::exchange(entry.payload, {}));
  if (shelved_.size() >= limits_.shelved) shelved_.clear();
  invariant(changed <= revision_, "what is kept at hand has been made");
  shelved_.insert_or_assign(topic, Shelved{changed, entry.digest, entry.bytes});
  return entry;
}

Effects Core::on(const ClientId& from, const protocol::WantBlob& want, Instant now) {
  seen(from, now);
  const Bytes* content = shelf_.find(want.blob);
  if (content == nullptr) {
    if (auto blob = store_.get(Column::blobs, want.blob.view())) {
      shelf_.put(want.blob, *std::move(blob));
      content = shelf_.find(want.blob);
    }
  }
  protocol::BlobChunk chunk{want.blob, want.offset, 0, {}};
  if (content != nullptr) {
    chunk.total = content->size();
    const std::size_t begin = std::min<std::size_t>(want.offset, content->size());
    const std::size_t length = std::min<std::size_t>({want.length, limits_.chunk_bytes, content->size() - begin});
    invariant(begin + length <= content->size(), "a part lies in what it is a part of");
    chunk.content = to_bytes(ByteView(*content).subspan(begin, length));
  }
  Effects effects;
  effects.messages.push_back({from, std::move(chunk)});
  return effects;
}

}  // namespace outrider::aggregator
