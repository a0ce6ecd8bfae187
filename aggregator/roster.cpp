#include "aggregator/roster.h"

namespace outrider::aggregator {

Client* Roster::find_or_add(const ClientId& id, std::size_t most_clients) {
  if (Client* known = find(id)) return known;
  return clients_.size() < most_clients ? &clients_[id] : nullptr;
}

Client* Roster::find(const ClientId& id) {
  const auto it = clients_.find(id);
  return it == clients_.end() ? nullptr : &it->second;
}

void Roster::saw(const ClientId& id, Client& client, Instant now) {
  client.last_seen = now;
  if (now == kNever) {
    present_.erase(id);
  } else {
    present_.insert(id);
  }
}

std::vector<protocol::ClientStatus> Roster::status(Instant now, Instant silence) const {
  std::vector<protocol::ClientStatus> result;
  for (const auto& [id, client] : clients_) {
    protocol::ClientStatus status;
    status.client = id;
    status.name = client.name;
    status.highest_decided = client.highest_decided;
    status.replica = client.replica;
    status.outbox = client.outbox;
    status.capacity = client.capacity;
    status.connected = is_connected(client, now, silence);
    if (client.last_seen != kNever)
      status.seconds_since_seen = static_cast<std::uint32_t>((now - client.last_seen).count() / 1000);
    result.push_back(std::move(status));
  }
  return result;
}

void remember(Client& client, Verdict verdict) {
  client.highest_decided = verdict.sequence;
  client.recent.push_back(std::move(verdict));
  if (client.recent.size() > Roster::kRecentVerdicts) client.recent.pop_front();
}

}  // namespace outrider::aggregator
