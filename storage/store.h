// Durable state: byte keys and values in columns. Knows no sockets and no learning.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "knowledge/bytes.h"

namespace outrider {

// RocksDB column families.
enum class Column : std::uint8_t {
  contributions,  // client (16 bytes) | sequence (8, big endian) -> contribution; at a client: its outbox and history
  revisions,      // revision (8, big endian) -> what it accepted
  blobs,          // digest (32) -> content, for example an encoder
  clients,        // client (16) -> what is known of it
  replica,        // at a client: topic -> merged knowledge
  meta,           // name -> small facts
  parts,          // owner (1) | digest (32) | number (8) -> a part of something large: see parts.h
};
inline constexpr std::size_t kColumns = 7;
std::string_view name(Column column);

// What one decision changes: written whole or not at all. A value; erase is a put of nothing.
struct WriteSet {
  struct Operation {
    Column column;
    Bytes key;
    std::optional<Bytes> value;  // nothing: erase
  };
  std::vector<Operation> operations;

  void put(Column column, Bytes key, Bytes value) { operations.push_back({column, std::move(key), std::move(value)}); }
  void erase(Column column, Bytes key) { operations.push_back({column, std::move(key), std::nullopt}); }
  bool empty() const { return operations.empty(); }
  void append(WriteSet other);
};

// One thread may commit while others read.
class Store {
 public:
  virtual ~Store() = default;
  // Atomic, and durable (synced) on return. Throws InputError when it cannot be: then nothing was written. The next
  // commit, also of nothing, first opens again what a failed one has left closed.
  virtual void commit(const WriteSet& writes) = 0;
  // Removes from the disk what has been erased or replaced, which may lie there for long; takes a while. Throws
  // InputError.
  virtual void purge() {}
  virtual std::optional<Bytes> get(Column column, ByteView key) const = 0;
  // Calls visit(key, value) in key order for the keys that start with `prefix`. The views live until visit returns,
  // which may read from the store but not commit.
  virtual void scan(Column column, ByteView prefix, const std::function<void(ByteView, ByteView)>& visit) const = 0;
};

// Opens or creates the RocksDB under `directory`; needs no repair step after kill -9. Throws InputError with one
// sentence when the directory cannot be created, is in use by another process, or is of another format version.
std::unique_ptr<Store> open_store(const std::filesystem::path& directory);
// A consistent view as of now, also while another process writes; commit() asserts.
std::unique_ptr<Store> open_store_read_only(const std::filesystem::path& directory);

// Big-endian, so that keys sort as numbers.
Bytes key_of(std::uint64_t number);
Bytes key_of(ByteView prefix, std::uint64_t number);
std::uint64_t number_in_key(ByteView key, std::size_t offset = 0);

}  // namespace outrider
