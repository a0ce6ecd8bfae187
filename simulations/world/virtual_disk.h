// A store on a disk that loses power: what a process sees, and what a restart finds.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "storage/memory_store.h"

namespace outrider::simulations {

// Thrown where the process would have died.
struct PowerLoss {};

// A commit appends a record with its checksum to a log and syncs it, as RocksDB does. When the power goes in the
// middle, some first part of the record has reached the disk: a restart applies it if it is whole and drops it if it is
// torn.
class VirtualDisk : public Store {
 public:
  explicit VirtualDisk(std::shared_ptr<ValuePool> pool = {}) : state_(std::make_unique<MemoryStore>(std::move(pool))) {}

  // Throws PowerLoss or InputError (the disk is full; nothing was written) when told to before.
  void commit(const WriteSet& writes) override;
  std::optional<Bytes> get(Column column, ByteView key) const override { return state_->get(column, key); }
  void scan(Column column, ByteView prefix, const std::function<void(ByteView, ByteView)>& visit) const override {
    state_->scan(column, prefix, visit);
  }

  // The power goes in the middle of the next commit of something; `dice` decides where.
  void lose_power_in_next_commit(std::uint32_t dice) { power_loss_ = dice; }
  void fail_next_commit() { state_->fail_next_commits(1); }

  // The process starts again. Pending faults are forgotten.
  void restart();

  // What a restart would find now; and another disk in the place of this one, as from a backup.
  std::unique_ptr<MemoryStore> backup() const { return state_->reopened(); }
  void replace(std::unique_ptr<MemoryStore> other);

 private:
  std::unique_ptr<MemoryStore> state_;
  std::optional<std::uint32_t> power_loss_;
  Bytes tail_;  // the end of the log: what has reached the disk of the record that was being written
};

}  // namespace outrider::simulations
