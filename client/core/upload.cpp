#include "client/core/upload.h"

#include <algorithm>

#include "knowledge/invariant.h"

namespace outrider::client {

void Upload::send(const Outbox& outbox, const Outbox::Entry& entry, Instant now, Random& jitter,
                  std::vector<protocol::Body>& messages) {
  if (!asking_ && now >= progress_ + pace_.patience()) ask();
  if (asking_) {
    if (!offer_.is_due(now)) return;
    messages.emplace_back(protocol::Offer{id_, entry.contribution, bytes_, ++attempt_});
    offer_.attempted(now, jitter);
    return;
  }
  for (; may_send(); next_ = sent_.back().end) {
    const std::uint64_t end = std::min(next_ + part_bytes_, bytes_);
    messages.emplace_back(protocol::PayloadPart{id_, next_, attempt_, outbox.payload(entry, next_, end - next_)});
    sent_.push_back({end, now});
  }
}

bool Upload::may_send() const {
  return next_ < bytes_ && sent_.size() < std::min(credit_, pace_.window());
}

void Upload::ask() {
  asking_ = true;
  first_ask_ = attempt_ + 1;
  offer_.reset();
}

bool Upload::makes_sense(const protocol::Held& held) const {
  if (std::min<std::uint64_t>(held.part_bytes, bytes_) > kMostPartBytes) return false;
  return held.part_bytes > 0 && held.bytes <= bytes_ && (held.bytes % held.part_bytes == 0 || held.bytes == bytes_);
}

void Upload::take(const protocol::Held& held, Instant now) {
  if (held.contribution != id_ || held.window == 0 || !makes_sense(held)) return;
  if (asking_) {
    if (held.bytes > held_) advance(held.bytes, now);
    // All is held, and the answer to the next offer is what was decided.
    if (!held.to_offer || held.attempt < first_ask_ || held.bytes == bytes_) return;
    asking_ = false;
    part_bytes_ = held.part_bytes;
    credit_ = held.window;
    return go_back(held.bytes, now);
  }
  if (held.lost) {
    if (held.attempt != attempt_) return;  // that is known
    ++attempt_;
    return go_back(held.bytes, now);
  }
  if (held.bytes > held_) advance(held.bytes, now);
  if (held_ == bytes_) ask();
}

void Upload::advance(std::uint64_t held, Instant now) {
  invariant(held <= bytes_, "no more is held at the aggregator than there is");
  held_ = held;
  next_ = std::max(next_, held);
  progress_ = now;
  while (!sent_.empty() && sent_.front().end <= held) {
    if (sent_.front().end == held) pace_.answered(now - sent_.front().at);
    sent_.pop_front();
  }
}

void Upload::go_back(std::uint64_t held, Instant now) {
  invariant(held <= bytes_, "no more is held at the aggregator than there is");
  held_ = next_ = held;
  progress_ = now;
  sent_.clear();
}

Instant Upload::deadline() const {
  if (asking_) return offer_.due();
  return may_send() ? progress_ : progress_ + pace_.patience();
}

}  // namespace outrider::client
