#include "storage/memory_store.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "knowledge/error.h"
#include "storage/format.h"

namespace outrider {

bool MemoryStore::KeyOrder::operator()(ByteView left, ByteView right) const {
  return std::ranges::lexicographical_compare(left, right);
}

MemoryStore::MemoryStore(std::shared_ptr<ValuePool> pool) : pool_(std::move(pool)) {
  apply(format_record());
}

void MemoryStore::commit(const WriteSet& writes) {
  assert_keeps_format(writes);
  if (writes.empty()) return;
  const std::unique_lock lock(mutex_);
  if (failures_ > 0) {
    --failures_;
    throw InputError("nothing was written to the store in memory: it was told that its disk is full");
  }
  apply(writes);
}

void MemoryStore::apply(const WriteSet& writes) {
  for (const auto& [column, key, value] : writes.operations) {
    Entries& entries = columns_[static_cast<std::size_t>(column)];
    if (value)
      entries.insert_or_assign(key, pool_ ? pool_->share(*value) : std::make_shared<const Bytes>(*value));
    else
      entries.erase(key);
  }
}

std::optional<Bytes> MemoryStore::get(Column column, ByteView key) const {
  const std::shared_lock lock(mutex_);
  const Entries& entries = columns_[static_cast<std::size_t>(column)];
  const auto found = entries.find(key);
  if (found == entries.end()) return std::nullopt;
  return *found->second;
}

void MemoryStore::scan(Column column, ByteView prefix, const std::function<void(ByteView, ByteView)>& visit) const {
  std::vector<std::pair<Bytes, std::shared_ptr<const Bytes>>> found;  // visit runs unlocked: it may use the store
  {
    const std::shared_lock lock(mutex_);
    const Entries& entries = columns_[static_cast<std::size_t>(column)];
    for (auto entry = entries.lower_bound(prefix); entry != entries.end(); ++entry) {
      if (!std::ranges::equal(ByteView(entry->first).first(std::min(prefix.size(), entry->first.size())), prefix))
        break;
      found.emplace_back(entry->first, entry->second);
    }
  }
  for (const auto& [key, value] : found) visit(key, *value);
}

void MemoryStore::fail_next_commits(std::size_t count) {
  const std::unique_lock lock(mutex_);
  failures_ = count;
}

std::unique_ptr<MemoryStore> MemoryStore::reopened() const {
  auto copy = std::make_unique<MemoryStore>(pool_);
  const std::shared_lock lock(mutex_);
  copy->columns_ = columns_;
  return copy;
}

}  // namespace outrider
