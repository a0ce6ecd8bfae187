// Who the clients are, how far each has been decided, and when it was last heard of.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "aggregator/decision.h"
#include "knowledge/instant.h"
#include "knowledge/utf8.h"
#include "protocol/messages.h"

namespace outrider::aggregator {

// How a contribution was decided, as the roster remembers it of late.
struct Verdict {
  SequenceNumber sequence{};
  Digest id;
  std::string refused;  // why; empty: accepted
};

struct Client {
  std::string name;
  SequenceNumber highest_decided{};  // everything up to it is decided, nothing beyond
  std::deque<Verdict> recent;        // the latest decisions, ascending; older ones are in the store
  Revision replica{};                // as the client said last
  std::uint32_t outbox = 0;          // likewise
  Revision announced{};              // the newest revision it was told of
  Instant last_seen = kNever;        // kNever: not since the start; see Roster::saw
  Capacity capacity{};               // as the client said last
  std::uint64_t incarnation = 0;     // of the run that was welcomed last; 0: not since the start

  // For people: its name and the beginning of its id.
  std::string title(const ClientId& id) const { return utf8::printable(name) + " (" + id.brief() + ")"; }
  // What of it is durable.
  ClientRecord record() const { return {name, highest_decided, capacity}; }
};

// Bounded: at most as many clients as find_or_add is told, a fixed number of recent verdicts each.
class Roster {
 public:
  static constexpr std::size_t kRecentVerdicts = 1024;

  // Where the client is known or there is room for one more; nullptr otherwise.
  Client* find_or_add(const ClientId& id, std::size_t most_clients);
  Client* find(const ClientId& id);

  // The client was heard of, or (kNever) has left.
  void saw(const ClientId& id, Client& client, Instant now);

  // From the store, at the start.
  void restore(const ClientId& id, const ClientRecord& record) {
    clients_[id].name = record.name;
    clients_[id].highest_decided = record.highest_decided;
    clients_[id].capacity = record.capacity;
  }

  std::size_t size() const { return clients_.size(); }
  std::vector<protocol::ClientStatus> status(Instant now, Instant silence) const;

  // Calls visit(id, client) for every client heard of within `silence`. Costs work in their number, and once in that of
  // those who fell silent since the last time, not in that of all who were ever here.
  template <typename Visit>
  void for_each_connected(Instant now, Instant silence, Visit&& visit) {
    std::erase_if(present_, [&](const ClientId& id) { return !is_connected(clients_.at(id), now, silence); });
    for (const ClientId& id : present_) visit(id, clients_.at(id));
  }

 private:
  static bool is_connected(const Client& client, Instant now, Instant silence) {
    return client.last_seen != kNever && now - client.last_seen <= silence;
  }

  std::map<ClientId, Client> clients_;
  std::set<ClientId> present_;  // all that are connected, and perhaps some that fell silent
};

// Makes `verdict` the client's latest.
void remember(Client& client, Verdict verdict);

}  // namespace outrider::aggregator
