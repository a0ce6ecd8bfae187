#include "client/core/fetch.h"

#include <algorithm>
#include <utility>

#include "knowledge/invariant.h"

namespace outrider::client {
namespace {

constexpr std::uint64_t kMostAhead = 16;  // parts beyond the first that is missing

// How long the first part is says how many there are. Each costs memory when it is erased, whether it came or not.
bool has_sane_parts(const Large& large) {
  return large.parts() <= Fetch::kMostParts;
}

}  // namespace

Fetch::Fetch(const Wanted& wanted, const Store& store, PartialFetches& partial, Instant first_retry,
             Instant longest_retry)
    : wanted_(wanted), partial_(partial), pace_(first_retry, longest_retry) {
  restore(store);
}

void Fetch::restore(const Store& store) {
  const auto known = partial_.find(wanted_.owner, wanted_.name);
  if (!known || (wanted_.bytes != 0 && wanted_.bytes != known->bytes)) return;
  large_ = *known;
  for (; held_ < large_.parts(); ++held_) {
    const auto part = store.get(Column::parts, part_key(large_, held_));
    if (!part || part->size() != large_.size_of(held_)) break;
    hasher_.add(*part);
    if (wanted_.owner == PartsOwner::definition) content_.insert(content_.end(), part->begin(), part->end());
  }
  if (held_ < large_.parts()) return;
  complete_ = std::exchange(hasher_, {}).finish() == wanted_.name;
  if (complete_) return;
  held_ = 0;  // a damaged part: everything comes anew, over the old
  content_.clear();
}

Fetch::Outcome Fetch::take(const protocol::BlobChunk& chunk, Instant now, WriteSet& writes) {
  if (chunk.blob != wanted_.name || complete_) return Outcome::echo;
  if (chunk.total == 0 || chunk.total > kMostBytes) return Outcome::absent;
  if (large_.bytes == 0) {  // the first one tells the size of all
    if (chunk.offset != 0 || chunk.content.empty() || chunk.content.size() > chunk.total ||
        (wanted_.bytes != 0 && wanted_.bytes != chunk.total))
      return Outcome::echo;
    const Large large{wanted_.owner, wanted_.name, chunk.total, chunk.content.size()};
    if (!has_sane_parts(large)) return Outcome::absent;
    large_ = large;
    partial_.begin(large_, writes);
  }
  const std::uint64_t part = chunk.offset / large_.part_bytes;
  if (chunk.total != large_.bytes || chunk.offset >= large_.bytes || part < held_ || part >= held_ + kMostAhead ||
      early_.contains(part))
    return Outcome::echo;
  if (chunk.offset % large_.part_bytes != 0 || chunk.content.size() < large_.size_of(part))
    return start_over(writes);  // the aggregator's parts have become smaller
  early_.emplace(part, to_bytes(ByteView(chunk.content).first(large_.size_of(part))));
  if (const auto asked = asked_.find(part); asked != asked_.end()) {
    pace_.answered(now - asked->second);
    asked_.erase(asked);
  }
  due_ = now + pace_.patience();
  return keep(writes);
}

Fetch::Outcome Fetch::keep(WriteSet& writes) {
  for (auto part = early_.find(held_); part != early_.end(); part = early_.find(++held_)) {
    hasher_.add(part->second);
    if (wanted_.owner == PartsOwner::definition)
      content_.insert(content_.end(), part->second.begin(), part->second.end());
    put_part(large_, held_, std::move(part->second), writes);
    early_.erase(part);
  }
  invariant(held_ <= large_.parts() && early_.size() <= kMostAhead, "no more is held than there is");
  if (held_ < large_.parts()) return Outcome::progress;
  if (std::exchange(hasher_, {}).finish() != wanted_.name) return start_over(writes);
  complete_ = true;
  return Outcome::complete;
}

Fetch::Outcome Fetch::start_over(WriteSet& writes) {
  partial_.discard(large_, writes);
  large_ = {};
  held_ = 0;
  hasher_ = {};
  content_.clear();
  early_.clear();
  ask_again();
  return Outcome::corrupt;
}

// The next part that is to be asked for; nothing: enough are on their way.
std::optional<std::uint64_t> Fetch::to_ask() const {
  if (complete_) return std::nullopt;
  if (large_.bytes == 0) return asked_.empty() ? std::optional<std::uint64_t>(0) : std::nullopt;
  if (asked_.size() >= pace_.window()) return std::nullopt;
  for (std::uint64_t part = held_; part < std::min(large_.parts(), held_ + kMostAhead); ++part)
    if (!asked_.contains(part) && !early_.contains(part)) return part;
  return std::nullopt;
}

void Fetch::send(Instant now, std::vector<protocol::Body>& messages) {
  const auto ask = [&](std::uint64_t part) {
    const std::uint64_t length = large_.bytes == 0 ? wanted_.part_bytes : large_.size_of(part);
    messages.emplace_back(
        protocol::WantBlob{wanted_.name, part * large_.part_bytes, static_cast<std::uint32_t>(length)});
  };
  if (!asked_.empty() && now >= due_) {
    pace_.stalled();
    for (const auto& [part, since] : asked_) ask(part);
    due_ = now + pace_.patience();
  }
  while (const auto part = to_ask()) {
    ask(*part);
    if (asked_.empty()) due_ = now + pace_.patience();
    asked_.emplace(*part, now);
  }
}

void Fetch::ask_again() {
  asked_.clear();
  due_ = Instant::min();
}

}  // namespace outrider::client
