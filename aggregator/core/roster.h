// Who the clients are, how far each has been decided, and when it was last heard of.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "aggregator/core/decision.h"
#include "knowledge/instant.h"
#include "knowledge/utf8.h"
#include "protocol/messages.h"

namespace outrider::aggregator {

enum class Presence : std::uint8_t { come, left, silent, back };

struct Client {
  std::string name;
  SequenceNumber highest_decided{};  // everything up to it is decided, nothing beyond
  std::uint64_t accepted = 0;        // contributions
  std::uint64_t refused = 0;         // for good
  Revision replica{};                // as the client said last
  std::uint32_t outbox = 0;          // likewise
  Revision announced{};              // the newest revision it was told of
  Revision began{};                  // the newest revision when it first asked for everything; 0: not since the start
  bool may_begin = false;            // it has said hello without a replica, or was told to begin anew
  bool begins_anew = false;          // its replica is too old to be brought up to date
  Instant last_seen = kNever;        // kNever: not since the start, or it has left; see Roster::saw
  std::uint64_t seen = 0;            // in seconds since 1970, as it was last written down; 0: not known
  Capacity capacity{};               // as the client said last
  std::uint64_t incarnation = 0;     // of the run that was welcomed last; 0: not since the start
  std::string version;               // likewise
  bool removed = false;              // by the operator: not listed until it comes again
  std::uint64_t gone_accepted = 0;   // of its decisions that are no longer kept
  std::uint64_t gone_refused = 0;

  // For people: its name and the beginning of its id.
  std::string title(const ClientId& id) const { return utf8::printable(name) + " (" + id.brief() + ")"; }
  // The line for people when it has come, left, fallen silent or returned.
  std::string notice(const ClientId& id, Presence presence) const;
  // What of it is durable.
  ClientRecord record() const {
    return {name, highest_decided, capacity, version, seen, removed, gone_accepted, gone_refused};
  }
  // Whether a number may have been decided of which there is no record.
  bool has_gone() const { return gone_accepted + gone_refused > 0; }
  bool has_contributed() const { return highest_decided != SequenceNumber{}; }
};

struct RosterLimits {
  std::size_t clients = 1'000'000;  // in all
  // Of those that never contributed: beyond it the one that was not heard of for longest goes, and its record with it.
  std::size_t newcomers = 10'000;
};

// Bounded, whoever says hello: who never contributed is forgotten, who did never is. Not thread-safe.
class Roster {
 public:
  explicit Roster(RosterLimits limits = {}) : limits_(limits) {}

  // The client, added if it is not known; nullptr where everybody has contributed and there is no room for more. Who is
  // forgotten for it has its record erased.
  Client* find_or_add(const ClientId& id, WriteSet& writes);
  Client* find(const ClientId& id);
  const Client* find(const ClientId& id) const;
  // It must have a place whatever the limits say: it is the aggregator itself.
  Client& own(const ClientId& id);
  // A contribution of it is decided: it stays for good.
  void decided(const ClientId& id, Client& client, SequenceNumber sequence, bool accepted);

  // It stays for good: something of it is on record.
  void keep(const ClientId& id, const Client& client) { by_arrival_.erase({arrival(client), id}); }

  // The client was heard of, or (kNever) has left. Returns whether it was not present before.
  bool saw(const ClientId& id, Client& client, Instant now);
  // Those who were present, and have not been heard of within `silence`: they are present no more.
  std::vector<ClientId> take_silent(Instant now, Instant silence);
  // How many are, but for some that fell silent since the last take_silent.
  long present() const { return static_cast<long>(present_.size()); }

  // Takes it off the list until it comes again, and forgets it altogether where it never contributed.
  void remove(const ClientId& id, WriteSet& writes);
  // Whether it had been removed: now it is listed again.
  bool has_come_back(Client& client);

  // Another client of this name that has contributed and is not connected; null: there is none.
  const ClientId* absent_namesake(const ClientId& id, const std::string& name, Instant now, Instant silence) const;

  // From the store, at the start.
  void restore(const ClientId& id, const ClientRecord& record);

  // A state may have more than there is room for: forgets some of them. At the start, until has_excess() is false.
  void forget_excess(WriteSet& writes);
  bool has_excess() const { return !by_arrival_.empty() && (newcomers_exceed(0) || size() > limits_.clients); }

  // All but the aggregator itself, and those of them that are listed.
  std::size_t listed() const { return size() - removed_; }
  std::size_t size() const { return clients_.size() - own_; }
  const RosterLimits& limits() const { return limits_; }
  // At most so many whose ids follow `after`, in the order of ids, but for `self`. `started`: see Pace::started.
  std::vector<protocol::ClientStatus> status(Instant now, Instant silence, std::uint64_t started, const ClientId& self,
                                             const ClientId& after, std::size_t most) const;

  // Calls visit(id, client) for those whose ids follow `after`, in their order, until it returns false.
  template <typename Visit>
  void for_each_after(const ClientId& after, Visit&& visit) const {
    for (auto it = after == ClientId{} ? clients_.begin() : clients_.upper_bound(after); it != clients_.end(); ++it)
      if (!visit(it->first, it->second)) return;
  }
  // Calls visit(id, client) for every client heard of within `silence`. Costs work in the number of those present, not
  // in that of all who were ever here.
  template <typename Visit>
  void for_each_connected(Instant now, Instant silence, Visit&& visit) {
    for (const ClientId& id : present_)
      if (Client& client = clients_.at(id); is_connected(client, now, silence)) visit(id, client);
  }

 private:
  static bool is_connected(const Client& client, Instant now, Instant silence) {
    return client.last_seen != kNever && now - client.last_seen <= silence;
  }
  // The place of a newcomer among them: who has left, or was not heard of since the start, comes first.
  static Instant arrival(const Client& client) {
    return client.last_seen == kNever ? Instant::min() : client.last_seen;
  }
  bool newcomers_exceed(std::size_t more) const { return by_arrival_.size() + more > limits_.newcomers; }
  void forget_one(WriteSet& writes);

  RosterLimits limits_;
  std::size_t own_ = 0;  // 1 once own() has been called
  std::size_t removed_ = 0;
  std::map<ClientId, Client> clients_;
  std::map<std::string, ClientId> contributors_;  // by the name that each had when it first contributed
  std::set<ClientId> present_;                    // all that are connected, and perhaps some that fell silent
  // Those that never contributed, who was not heard of for longest first.
  std::set<std::pair<Instant, ClientId>> by_arrival_;
};

}  // namespace outrider::aggregator
