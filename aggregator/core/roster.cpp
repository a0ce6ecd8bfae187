#include "aggregator/core/roster.h"

#include <algorithm>
#include <utility>

#include "knowledge/invariant.h"

namespace outrider::aggregator {

Client* Roster::find_or_add(const ClientId& id, WriteSet& writes) {
  if (Client* known = find(id)) return known;
  while (!by_arrival_.empty() && (newcomers_exceed(1) || size() >= limits_.clients)) forget_one(writes);
  if (size() >= limits_.clients) return nullptr;
  Client& added = clients_[id];
  by_arrival_.insert({arrival(added), id});
  invariant(size() <= limits_.clients, "the list of clients stays within its bound");
  return &added;
}

void Roster::forget_one(WriteSet& writes) {
  const ClientId id = by_arrival_.begin()->second;
  by_arrival_.erase(by_arrival_.begin());
  present_.erase(id);
  invariant(clients_.at(id).highest_decided == SequenceNumber{}, "only who has never contributed is forgotten");
  clients_.erase(id);
  writes.erase(Column::clients, to_bytes(id.view()));
}

void Roster::forget_excess(WriteSet& writes) {
  constexpr int kAtATime = 10'000;  // so that nobody waits for it
  for (int i = 0; i < kAtATime && has_excess(); ++i) forget_one(writes);
}

void Roster::decided(const ClientId& id, Client& client, SequenceNumber sequence, bool accepted) {
  keep(id, client);
  if (!client.has_contributed()) contributors_.insert_or_assign(client.name, id);
  client.highest_decided = std::max(client.highest_decided, sequence);
  invariant(!by_arrival_.contains({arrival(client), id}), "who has contributed is no newcomer");
  ++(accepted ? client.accepted : client.refused);
}

void Roster::restore(const ClientId& id, const ClientRecord& record) {
  Client& client = clients_[id];
  client.name = record.name;
  client.highest_decided = record.highest_decided;
  client.capacity = record.capacity;
  client.version = record.version;
  client.seen = record.seen;
  client.removed = record.removed;
  client.accepted = client.gone_accepted = record.gone_accepted;
  client.refused = client.gone_refused = record.gone_refused;
  if (client.removed) ++removed_;
  if (client.has_contributed()) {
    contributors_.insert_or_assign(client.name, id);
  } else {
    by_arrival_.insert({arrival(client), id});
  }
}

const ClientId* Roster::absent_namesake(const ClientId& id, const std::string& name, Instant now,
                                        Instant silence) const {
  const auto known = contributors_.find(name);
  if (known == contributors_.end() || known->second == id) return nullptr;
  const Client* other = find(known->second);
  const bool is_one = other != nullptr && other->name == name && !other->removed;
  return is_one && !is_connected(*other, now, silence) ? &known->second : nullptr;
}

Client* Roster::find(const ClientId& id) {
  const auto it = clients_.find(id);
  return it == clients_.end() ? nullptr : &it->second;
}

const Client* Roster::find(const ClientId& id) const {
  const auto it = clients_.find(id);
  return it == clients_.end() ? nullptr : &it->second;
}

void Roster::remove(const ClientId& id, WriteSet& writes) {
  Client& client = clients_.at(id);
  Bytes key = to_bytes(id.view());
  if (!client.has_contributed()) {
    by_arrival_.erase({arrival(client), id});
    present_.erase(id);
    has_come_back(client);
    clients_.erase(id);
    writes.erase(Column::clients, std::move(key));
    return;
  }
  if (!std::exchange(client.removed, true)) ++removed_;
  writes.put(Column::clients, std::move(key), encode(client.record()));
}

bool Roster::has_come_back(Client& client) {
  if (!std::exchange(client.removed, false)) return false;
  invariant(removed_ > 0, "who comes back had been removed");
  --removed_;
  return true;
}

Client& Roster::own(const ClientId& id) {
  Client& self = clients_[id];
  own_ = 1;
  by_arrival_.erase({arrival(self), id});
  return self;
}

std::string Client::notice(const ClientId& id, Presence presence) const {
  switch (presence) {
    case Presence::come:
      return title(id) + " has come";
    case Presence::left:
      return title(id) + " has left";
    case Presence::silent:
      return title(id) + " is silent: it has missed three heartbeats";
    case Presence::back:
      return title(id) + " is back";
  }
  return {};
}

bool Roster::saw(const ClientId& id, Client& client, Instant now) {
  const bool is_newcomer = by_arrival_.erase({arrival(client), id}) > 0;
  client.last_seen = now;
  if (is_newcomer) by_arrival_.insert({arrival(client), id});
  if (now != kNever) return present_.insert(id).second;
  present_.erase(id);
  return false;
}

std::vector<ClientId> Roster::take_silent(Instant now, Instant silence) {
  std::vector<ClientId> silent;
  for (const ClientId& id : present_)
    if (!is_connected(clients_.at(id), now, silence)) silent.push_back(id);
  for (const ClientId& id : silent) present_.erase(id);
  return silent;
}

std::vector<protocol::ClientStatus> Roster::status(Instant now, Instant silence, std::uint64_t started,
                                                   const ClientId& self, const ClientId& after,
                                                   std::size_t most) const {
  const auto seconds = [](Instant time) { return static_cast<std::uint64_t>(time.count() / 1000); };
  std::vector<protocol::ClientStatus> result;
  for (auto it = after == ClientId{} ? clients_.begin() : clients_.upper_bound(after);
       it != clients_.end() && result.size() < most; ++it) {
    const auto& [id, client] = *it;
    if (id == self || client.removed) continue;
    protocol::ClientStatus status;
    status.client = id;
    status.name = client.name;
    status.highest_decided = client.highest_decided;
    status.replica = client.replica;
    status.outbox = client.outbox;
    status.capacity = client.capacity;
    status.connected = is_connected(client, now, silence);
    status.version = client.version;
    status.accepted = client.accepted;
    status.refused = client.refused;
    status.last_seen = client.seen;
    if (client.last_seen != kNever && started != 0) status.last_seen = started + seconds(client.last_seen);
    std::uint64_t ago = 0;
    if (client.last_seen != kNever) {
      ago = seconds(now - client.last_seen);
    } else if (const std::uint64_t wall = started + seconds(now); started != 0 && client.seen != 0) {
      ago = wall - std::min(wall, client.seen);
    }
    status.seconds_since_seen = static_cast<std::uint32_t>(std::min<std::uint64_t>(ago, UINT32_MAX));
    result.push_back(std::move(status));
  }
  return result;
}

}  // namespace outrider::aggregator
