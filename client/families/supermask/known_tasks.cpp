#include "client/families/supermask/known_tasks.h"

#include <map>

#include "client/core/core.h"
#include "client/core/replica.h"
#include "knowledge/error.h"
#include "learners/supermask/merge.h"

namespace outrider::client {

Bytes TaskMemory::encode() const {
  Bytes bytes = to_bytes(fingerprint.view());
  bytes.insert(bytes.end(), record.begin(), record.end());
  return bytes;
}

TaskMemory TaskMemory::decode(ByteView bytes) {
  const std::size_t size = Digest{}.view().size();
  require(bytes.size() >= size, "what a client wrote down of a task is truncated");
  return {Digest::from_bytes(bytes.first(size)), bytes.subspan(size)};
}

BaseNetwork load_base(const Store& store) {
  const auto blob = stored_content(store);
  require(blob.has_value(), "this client has no base network yet: it fetches one when it first meets its aggregator");
  return BaseNetwork::decode(*blob);
}

NamedTasks known_tasks(const Store& store, const Digest& space, const BaseNetwork& base) {
  std::map<std::string, TaskRecord> tasks;
  const std::string kind(kSupermaskKind);
  // Earlier versions took records that this one does not, for example of classes whose names cannot be sent. One of
  // them must not keep the others from being used.
  const auto note = [&](const std::string& task, ByteView record) {
    objection_of([&] { tasks.insert_or_assign(task, TaskRecord::decode(record, base)); });
  };
  for_each_lesson(store, kind, space,
                  [&](const Topic& topic, ByteView memory) { note(topic.subject, TaskMemory::decode(memory).record); });
  for_each_known(store, kind, space, [&](const Topic& topic, ByteView payload) { note(topic.subject, payload); });
  return {std::make_move_iterator(tasks.begin()), std::make_move_iterator(tasks.end())};
}

}  // namespace outrider::client
