#include "client/replica.h"

#include <algorithm>

#include "knowledge/error.h"

namespace outrider::client {
namespace {

Bytes revision_name() {
  return to_bytes("replica revision");
}

Bytes prefix_of(const std::string& kind, const Digest& space) {
  return topic_key(Topic{kind, space, {}});
}

}  // namespace

Replica::Replica(const Store& store) : store_(store) {
  if (const auto value = store.get(Column::meta, revision_name())) revision_ = Revision{number_in_key(*value)};
}

WriteSet Replica::apply(const protocol::Knowledge& knowledge) {
  WriteSet writes;
  if (knowledge.since != revision_ || knowledge.through <= revision_) return writes;
  for (const protocol::KnowledgeEntry& entry : knowledge.entries) {
    if (entry.payload.empty()) {
      writes.erase(Column::replica, topic_key(entry.topic));
    } else {
      writes.put(Column::replica, topic_key(entry.topic), entry.payload);
    }
  }
  revision_ = knowledge.through;
  writes.put(Column::meta, revision_name(), key_of(number(revision_)));
  return writes;
}

WriteSet Replica::clear() {
  WriteSet writes;
  store_.scan(Column::replica, {},
              [&](ByteView key, ByteView) { writes.erase(Column::replica, Bytes(key.begin(), key.end())); });
  revision_ = Revision{};
  writes.erase(Column::meta, revision_name());
  return writes;
}

void for_each_known(const Store& store, const std::string& kind, const Digest& space,
                    const std::function<void(const Topic&, ByteView)>& visit) {
  store.scan(Column::replica, prefix_of(kind, space),
             [&](ByteView key, ByteView payload) { visit(topic_of(key), payload); });
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
