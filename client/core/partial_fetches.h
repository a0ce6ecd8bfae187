// What a client has fetched in part, durably: a restart goes on with it.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <utility>

#include "storage/parts.h"

namespace outrider::client {

// The records "fetch/…" in a store's column "meta", kept in memory too. Every change says what to write. Not
// thread-safe.
class PartialFetches {
 public:
  explicit PartialFetches(const Store& store);

  std::optional<Large> find(PartsOwner owner, const Digest& name) const;
  void begin(const Large& large, WriteSet& writes);
  // Its parts stay and are somebody else's now.
  void release(const Large& large, WriteSet& writes);
  // It goes, with its parts.
  void discard(const Large& large, WriteSet& writes);
  // All of the owner's but these.
  void discard_others(PartsOwner owner, std::span<const Digest> wanted, WriteSet& writes);

 private:
  std::map<std::pair<PartsOwner, Digest>, Large> partial_;
};

}  // namespace outrider::client
