#include "aggregator/daemon/turns.h"

#include <utility>
#include <variant>

namespace outrider::aggregator {
namespace {

constexpr std::size_t kOverhead = 256;  // of a message or contribution in memory, about

std::size_t bytes_in(const Contribution& contribution) {
  return kOverhead + contribution.payload.size() + contribution.topic.subject.size() + contribution.topic.kind.size();
}

std::size_t bytes_in(const protocol::Message& message) {
  std::size_t bytes = kOverhead;
  if (const auto* contribute = std::get_if<protocol::Contribute>(&message.body))
    for (const Contribution& contribution : contribute->contributions) bytes += bytes_in(contribution);
  if (const auto* part = std::get_if<protocol::PayloadPart>(&message.body)) bytes += part->content.size();
  return bytes;
}

}  // namespace

bool Turns::add(protocol::Message message) {
  const std::size_t bytes = bytes_in(message);
  auto known = by_id_.find(message.client);
  if (known != by_id_.end() && (known->second->bytes + bytes > limits_.client_bytes ||
                                known->second->messages.size() >= limits_.client_messages))
    return false;
  if (known == by_id_.end()) {
    clients_.push_back({message.client, {}, 0, limits_.turn});
    known = by_id_.emplace(message.client, std::prev(clients_.end())).first;
  }
  Client& client = *known->second;
  auto* contribute = std::get_if<protocol::Contribute>(&message.body);
  if (contribute == nullptr) {
    put(client, std::move(message), bytes);
    return true;
  }
  protocol::Contribute piece;
  std::size_t of_piece = kOverhead;
  const auto put_piece = [&] {
    put(client, {client.id, std::exchange(piece, {})}, std::exchange(of_piece, kOverhead));
  };
  for (Contribution& contribution : contribute->contributions) {
    const std::size_t size = bytes_in(contribution);
    const bool full =
        of_piece + size > limits_.piece_bytes || piece.contributions.size() == limits_.piece_contributions;
    if (full && !piece.contributions.empty()) put_piece();
    of_piece += size;
    piece.contributions.push_back(std::move(contribution));
  }
  put_piece();  // also of none: the core sees who is there
  return true;
}

void Turns::put(Client& client, protocol::Message message, std::size_t bytes) {
  client.messages.push_back({std::move(message), bytes});
  client.bytes += bytes;
  bytes_ += bytes;
}

std::optional<protocol::Message> Turns::next() {
  if (clients_.empty()) return std::nullopt;
  while (clients_.front().left <= Duration::zero()) {
    clients_.front().left += limits_.turn;
    clients_.splice(clients_.end(), clients_, clients_.begin());
  }
  Client& client = clients_.front();
  Waiting waiting = std::move(client.messages.front());
  client.messages.pop_front();
  client.bytes -= waiting.bytes;
  bytes_ -= waiting.bytes;
  served_ = client.id;
  if (client.messages.empty()) {
    by_id_.erase(client.id);
    clients_.pop_front();
  }
  return std::move(waiting.message);
}

void Turns::spent(Duration time) {
  const auto client = served_ ? by_id_.find(*served_) : by_id_.end();
  if (client != by_id_.end()) client->second->left -= time;
}

}  // namespace outrider::aggregator
