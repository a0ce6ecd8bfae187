#include "protocol/send_budget.h"

#include <algorithm>
#include <utility>

namespace outrider::protocol {

SendBudget::Ticket::Ticket(std::shared_ptr<Total> total, std::shared_ptr<Account> account, std::size_t bytes,
                           bool encoded)
    : total_(std::move(total)), account_(std::move(account)), bytes_(bytes), encoded_(encoded) {
  total_->bytes += bytes_;
  account_->waiting += bytes_;
}

// An encrypted copy replaces the one before it, which has left by then.
SendBudget::Ticket::~Ticket() {
  if (!account_) return;
  const std::size_t before = account_->leaving.exchange(encoded_ ? bytes_ : 0);
  account_->waiting -= bytes_;
  ++account_->taken;
  total_->bytes -= before + (encoded_ ? 0 : bytes_);
}

bool SendBudget::fits(std::size_t held, std::size_t bytes) const {
  const std::size_t total = total_->bytes;
  const std::size_t left = limits_.of_all > total ? limits_.of_all - total : 0;
  if (held + bytes <= limits_.small) return total + bytes <= limits_.of_all + limits_.of_small;
  if (held == 0) return bytes <= left;
  return held + bytes <= std::min(limits_.of_peer, left / 2);
}

std::optional<SendBudget::Ticket> SendBudget::take(std::string_view routing_id, int descriptor, std::size_t bytes) {
  auto peer = peers_.find(routing_id);
  if (!fits(peer == peers_.end() ? 0 : peer->second.account->held(), bytes)) return std::nullopt;
  if (peer == peers_.end()) peer = peers_.emplace(routing_id, Peer{}).first;
  peer->second.descriptor = descriptor;
  // A short message is copied in no time, and is not worth waiting for.
  return Ticket(total_, peer->second.account, bytes, encrypts_ && bytes > limits_.small);
}

}  // namespace outrider::protocol
