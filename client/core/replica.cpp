#include "client/core/replica.h"

#include <algorithm>

#include "knowledge/error.h"
#include "knowledge/invariant.h"
#include "knowledge/utf8.h"

namespace outrider::client {
namespace {

Bytes revision_name() {
  return to_bytes("replica revision");
}

Bytes within_name() {
  return to_bytes("replica within");
}

// Of what tells where the payload of a topic lies in parts.
constexpr std::string_view kLargePrefix = "large/";

Bytes large_key(const Bytes& topic) {
  Bytes key;
  key.reserve(kLargePrefix.size() + topic.size());
  key.assign(kLargePrefix.begin(), kLargePrefix.end());
  key.insert(key.end(), topic.begin(), topic.end());
  return key;
}

Bytes prefix_of(const std::string& kind, const Digest& space) {
  return topic_key(Topic{kind, space, {}});
}

}  // namespace

Replica::Replica(const Store& store) : store_(store), revision_(known_revision(store)) {
  if (const auto value = store.get(Column::meta, within_name())) within_ = topic_of(*value);
  store.scan(Column::meta, bytes_of(kLargePrefix), [&](ByteView key, ByteView value) {
    large_.emplace(topic_of(key.subspan(kLargePrefix.size())), decode_large(value));
  });
}

bool Replica::has(const Digest& payload) const {
  return std::ranges::any_of(large_, [&](const auto& known) { return known.second.name == payload; });
}

std::vector<Topic> Replica::lacking() const {
  std::vector<Topic> topics;
  store_.scan(Column::replica, {}, [&](ByteView key, ByteView payload) {
    if (!payload.empty()) return;
    Topic topic = topic_of(key);
    const auto large = large_.find(topic);
    if (large == large_.end() || !is_whole(store_, large->second)) topics.push_back(std::move(topic));
  });
  return topics;
}

WriteSet Replica::apply(const protocol::Knowledge& knowledge, std::span<const Large> fetched) {
  WriteSet writes;
  if (!takes(knowledge)) return writes;
  std::vector<std::optional<Large>> places;  // before anything is replaced: it may lie where it is
  for (const protocol::KnowledgeEntry& entry : knowledge.entries) places.push_back(place_of(entry, fetched));
  std::vector<Large> gone;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const protocol::KnowledgeEntry& entry = knowledge.entries[i];
    Bytes key = topic_key(entry.topic);
    place(entry.topic, places[i], gone, writes);
    if (entry.payload.empty() && !places[i]) {
      writes.erase(Column::replica, std::move(key));
    } else {
      writes.put(Column::replica, std::move(key), entry.payload);  // empty: it lies in parts
    }
  }
  for (const Large& large : gone)
    if (!has(large.name)) erase_parts(large, writes);
  invariant(knowledge.through >= revision_, "a replica only moves on");
  revision_ = knowledge.through;
  within_ = knowledge.up_to;
  writes.put(Column::meta, revision_name(), key_of(number(revision_)));
  if (within_ == Topic{}) {
    writes.erase(Column::meta, within_name());
  } else {
    writes.put(Column::meta, within_name(), topic_key(within_));
  }
  return writes;
}

std::optional<Large> Replica::place_of(const protocol::KnowledgeEntry& entry, std::span<const Large> fetched) const {
  if (entry.digest.empty()) return std::nullopt;
  if (const auto found = std::ranges::find(fetched, entry.digest, &Large::name); found != fetched.end()) return *found;
  const auto here = std::ranges::find_if(large_, [&](const auto& other) { return other.second.name == entry.digest; });
  invariant(here != large_.end(), "what a page refers to has been fetched, or is here");
  return here->second;
}

void Replica::place(const Topic& topic, const std::optional<Large>& large, std::vector<Large>& gone, WriteSet& writes) {
  if (const auto before = large_.find(topic); before != large_.end()) {
    gone.push_back(before->second);
    large_.erase(before);
    if (!large) writes.erase(Column::meta, large_key(topic_key(topic)));
  }
  if (!large) return;
  large_.emplace(topic, *large);
  writes.put(Column::meta, large_key(topic_key(topic)), encode(*large));
}

WriteSet Replica::clear() {
  WriteSet writes;
  for (const auto& [topic, large] : large_) {
    writes.erase(Column::meta, large_key(topic_key(topic)));
    erase_parts(large, writes);
  }
  large_.clear();
  store_.scan(Column::replica, {},
              [&](ByteView key, ByteView) { writes.erase(Column::replica, Bytes(key.begin(), key.end())); });
  revision_ = Revision{};
  within_ = {};
  writes.erase(Column::meta, revision_name());
  writes.erase(Column::meta, within_name());
  return writes;
}

Revision known_revision(const Store& store) {
  const auto value = store.get(Column::meta, revision_name());
  return value ? Revision{number_in_key(*value)} : Revision{};
}

void for_each_known(const Store& store, const std::string& kind, const Digest& space,
                    const std::function<void(const Topic&, ByteView)>& visit) {
  store.scan(Column::replica, prefix_of(kind, space), [&](ByteView key, ByteView payload) {
    const Topic topic = topic_of(key);
    if (!payload.empty()) return visit(topic, payload);
    if (const auto large = known(store, topic)) visit(topic, *large);
  });
}

// A writer may replace the payload between one look and the next: then the record is another, or gone for the moment.
std::optional<Bytes> known(const Store& store, const Topic& topic) {
  constexpr int kMostLooks = 100;
  const Bytes key = topic_key(topic);
  std::optional<Large> before;
  for (int look = 0; look < kMostLooks; ++look) {
    auto payload = store.get(Column::replica, key);
    if (!payload || !payload->empty()) return payload;
    const auto record = store.get(Column::meta, large_key(key));
    if (!record) continue;
    const Large large = decode_large(*record);
    if (auto content = load(store, large)) return content;
    if (large == before) break;
    before = large;
  }
  throw InputError("the state lacks parts of what is known on " + utf8::quoted(topic.subject) +
                   "; `outrider client` fetches it again where it reaches its aggregator");
}

Bytes topic_key(const Topic& topic) {
  Bytes key(topic.kind.begin(), topic.kind.end());
  key.push_back(0);
  key.insert(key.end(), topic.space.bytes.begin(), topic.space.bytes.end());
  key.insert(key.end(), topic.subject.begin(), topic.subject.end());
  return key;
}

Topic topic_of(ByteView key) {
  const auto end_of_kind = std::ranges::find(key, 0);
  const auto kind_size = static_cast<std::size_t>(end_of_kind - key.begin());
  if (key.size() < kind_size + 1 + Digest::kSize) throw InputError("a key in the replica is no topic");
  return {std::string(text_of(key.first(kind_size))), Digest::from_bytes(key.subspan(kind_size + 1, Digest::kSize)),
          std::string(text_of(key.subspan(kind_size + 1 + Digest::kSize)))};
}

}  // namespace outrider::client
