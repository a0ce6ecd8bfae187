// A store in memory for simulations and tests: what the RocksDB one promises, with faults on request.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <shared_mutex>

#include "storage/store.h"
#include "storage/value_pool.h"

namespace outrider {

// One thread may commit and inject faults while others read. scan() shows the state at its start.
class MemoryStore : public Store {
 public:
  // Stores with one pool keep equal values once.
  explicit MemoryStore(std::shared_ptr<ValuePool> pool = {});

  void commit(const WriteSet& writes) override;
  std::optional<Bytes> get(Column column, ByteView key) const override;
  void scan(Column column, ByteView prefix, const std::function<void(ByteView, ByteView)>& visit) const override;

  // The next `count` commits of something throw InputError, as on a full disk, and write nothing.
  void fail_next_commits(std::size_t count = 1);

  // What a crash now leaves behind and a restart finds: all that was committed, no pending faults. The copy shares the
  // values with this store but no later change. Costs work in the number of keys.
  std::unique_ptr<MemoryStore> reopened() const;

 private:
  struct KeyOrder {
    using is_transparent = void;
    bool operator()(ByteView left, ByteView right) const;
  };
  using Entries = std::map<Bytes, std::shared_ptr<const Bytes>, KeyOrder>;

  void apply(const WriteSet& writes);

  std::shared_ptr<ValuePool> pool_;
  mutable std::shared_mutex mutex_;
  std::array<Entries, kColumns> columns_;
  std::size_t failures_ = 0;  // commits that are still to fail
};

}  // namespace outrider
