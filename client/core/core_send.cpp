// What the core says by itself, and when.
#include <algorithm>
#include <utility>

#include "client/core/core.h"

namespace outrider::client {
namespace {

constexpr std::size_t kBatchBytes = 256u << 10;

}  // namespace

void Core::send_what_is_due(Instant now, Effects& effects) {
  if (link_ == Link::established && now - last_heard_ > 3 * heartbeat_every_) {
    effects.notices.push_back("the aggregator is silent; looking for it");
    seek_again();
  }
  if (link_ == Link::seeking) {
    if (!hello_.is_due(now)) return;
    send(protocol::Hello{name_, replica_.revision(), conversation_, capacity_, incarnation_, version_}, effects);
    hello_.attempted(now, jitter_);
    return;
  }
  if (now >= heartbeat_due_) {
    send(protocol::Heartbeat{replica_.revision(), static_cast<std::uint32_t>(outbox_.undecided())}, effects);
    heartbeat_due_ = now + heartbeat_every_;
  }
  send_transfers(now, effects);
  send_contributions(now, effects);
  if (newest_ > replica_.revision() && !incoming_ && want_.is_due(now)) {
    send(protocol::Want{replica_.revision(), true, true, replica_.within()}, effects);
    want_.attempted(now, jitter_);
  }
}

void Core::send_transfers(Instant now, Effects& effects) {
  std::vector<protocol::Body> due;
  if (arriving_) arriving_->send(now, due);
  if (incoming_) incoming_->send(now, due);
  for (protocol::Body& body : due) send(std::move(body), effects);
}

void Core::send_contributions(Instant now, Effects& effects) {
  if (outbox_.undecided() == 0) {
    upload_.reset();
  } else if (uploads()) {
    const Outbox::Entry& first = *outbox_.first();
    if (!upload_ || upload_->contribution() != first.id)
      upload_.emplace(first, (std::uint64_t{jitter_()} << 24), timing_.first_retry, timing_.longest_retry);
    std::vector<protocol::Body> due;
    upload_->send(outbox_, first, now, jitter_, due);
    for (protocol::Body& body : due) send(std::move(body), effects);
  } else if (contribute_.is_due(now)) {
    upload_.reset();
    send(protocol::Contribute{takes_offers_ ? outbox_.next_small_batch(kBatchBytes) : outbox_.next_batch(kBatchBytes)},
         effects);
    contribute_.attempted(now, jitter_);
  }
}

Instant Core::deadline() const {
  if (link_ == Link::seeking) return hello_.due();
  Instant soonest = std::min(heartbeat_due_, last_heard_ + 3 * heartbeat_every_ + Instant{1});
  if (arriving_) soonest = std::min(soonest, arriving_->deadline());
  if (incoming_) soonest = std::min(soonest, incoming_->deadline());
  if (outbox_.undecided() > 0)
    soonest = std::min(soonest, !uploads() ? contribute_.due() : upload_ ? upload_->deadline() : Instant::min());
  if (newest_ > replica_.revision() && !incoming_) soonest = std::min(soonest, want_.due());
  return soonest;
}

}  // namespace outrider::client
