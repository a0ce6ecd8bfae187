#include "simulations/world/virtual_disk.h"

#include <algorithm>

#include "knowledge/digest.h"

namespace outrider::simulations {
namespace {

constexpr std::size_t kNumber = sizeof(std::uint64_t);
constexpr std::uint64_t kErased = ~std::uint64_t{0};

void append(Bytes& bytes, ByteView more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

// length | checksum | for each operation: column, key length, key, value length or "erased", value
Bytes log_record(const WriteSet& writes) {
  Bytes body;
  for (const auto& [column, key, value] : writes.operations) {
    append(body, key_of(static_cast<std::uint64_t>(column)));
    append(body, key_of(key.size()));
    append(body, key);
    append(body, key_of(value ? value->size() : kErased));
    if (value) append(body, *value);
  }
  Bytes record = key_of(body.size());
  append(record, Digest::of(body).view());
  append(record, body);
  return record;
}

class RecordReader {
 public:
  explicit RecordReader(ByteView bytes) : rest_(bytes) {}
  bool done() const { return rest_.empty(); }
  ByteView take(std::size_t size) {
    const ByteView taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  std::uint64_t take_number() { return number_in_key(take(kNumber)); }

 private:
  ByteView rest_;
};

// What the log's end says; nothing if it is torn.
std::optional<WriteSet> whole_record(ByteView tail) {
  constexpr std::size_t kHeader = kNumber + Digest::kSize;
  if (tail.size() < kHeader) return std::nullopt;
  RecordReader reader(tail);
  const std::uint64_t length = reader.take_number();
  const Digest checksum = Digest::from_bytes(reader.take(Digest::kSize));
  if (tail.size() - kHeader != length || Digest::of(tail.subspan(kHeader)) != checksum) return std::nullopt;
  WriteSet writes;
  while (!reader.done()) {
    const auto column = static_cast<Column>(reader.take_number());
    Bytes key = to_bytes(reader.take(reader.take_number()));
    const std::uint64_t size = reader.take_number();
    if (size == kErased) {
      writes.erase(column, std::move(key));
    } else {
      writes.put(column, std::move(key), to_bytes(reader.take(size)));
    }
  }
  return writes;
}

}  // namespace

void VirtualDisk::commit(const WriteSet& writes) {
  if (power_loss_ && !writes.empty()) {
    const Bytes record = log_record(writes);
    // One time in four all of it is on the disk, and only the process never learned so.
    const std::size_t cut = *power_loss_ % 4 == 0 ? record.size() : *power_loss_ / 4 % record.size();
    tail_.assign(record.begin(), record.begin() + static_cast<std::ptrdiff_t>(cut));
    power_loss_.reset();
    throw PowerLoss{};
  }
  state_->commit(writes);
}

void VirtualDisk::restart() {
  power_loss_.reset();
  state_->fail_next_commits(0);
  if (const auto writes = whole_record(tail_)) state_->commit(*writes);
  tail_.clear();
}

void VirtualDisk::replace(std::unique_ptr<MemoryStore> other) {
  state_ = std::move(other);
  power_loss_.reset();
  tail_.clear();
}

}  // namespace outrider::simulations
