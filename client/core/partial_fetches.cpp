#include "client/core/partial_fetches.h"

#include <algorithm>
#include <vector>

namespace outrider::client {
namespace {

constexpr std::string_view kFetchPrefix = "fetch/";

Bytes fetch_key(const Large& large) {
  const Bytes record = encode(large);  // begins with what names it
  Bytes key;
  key.reserve(kFetchPrefix.size() + 1 + Digest::kSize);
  key.assign(kFetchPrefix.begin(), kFetchPrefix.end());
  key.insert(key.end(), record.begin(), record.begin() + 1 + Digest::kSize);
  return key;
}

}  // namespace

PartialFetches::PartialFetches(const Store& store) {
  store.scan(Column::meta, bytes_of(kFetchPrefix), [&](ByteView, ByteView value) {
    const Large large = decode_large(value);
    partial_.emplace(std::pair{large.owner, large.name}, large);
  });
}

std::optional<Large> PartialFetches::find(PartsOwner owner, const Digest& name) const {
  const auto found = partial_.find({owner, name});
  return found == partial_.end() ? std::nullopt : std::optional(found->second);
}

void PartialFetches::begin(const Large& large, WriteSet& writes) {
  partial_.insert_or_assign({large.owner, large.name}, large);
  writes.put(Column::meta, fetch_key(large), encode(large));
}

void PartialFetches::release(const Large& large, WriteSet& writes) {
  if (partial_.erase({large.owner, large.name}) > 0) writes.erase(Column::meta, fetch_key(large));
}

void PartialFetches::discard(const Large& large, WriteSet& writes) {
  if (partial_.erase({large.owner, large.name}) == 0) return;
  writes.erase(Column::meta, fetch_key(large));
  erase_parts(large, writes);
}

void PartialFetches::discard_others(PartsOwner owner, std::span<const Digest> wanted, WriteSet& writes) {
  std::vector<Large> unwanted;
  for (const auto& [key, large] : partial_)
    if (key.first == owner && std::ranges::find(wanted, key.second) == wanted.end()) unwanted.push_back(large);
  for (const Large& large : unwanted) discard(large, writes);
}

}  // namespace outrider::client
