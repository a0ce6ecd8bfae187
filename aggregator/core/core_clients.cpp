// What the operator asks of the core about its clients: who they are and what they taught.
#include <algorithm>
#include <map>
#include <utility>

#include "aggregator/core/core.h"
#include "knowledge/error.h"
#include "knowledge/invariant.h"
#include "knowledge/utf8.h"

namespace outrider::aggregator {
namespace {

bool is_prefix(std::string_view who) {
  return who.size() >= kShortestPrefix && who.size() <= 2 * ClientId::kSize &&
         who.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

Account Core::brief_account(const ClientId& id, const Client& client, Instant now) const {
  Account account;
  account.id = id;
  account.name = client.name;
  account.connected = client.last_seen != kNever && now - client.last_seen <= silence();
  account.seen = client.seen;
  account.accepted = client.accepted;
  account.topics = catalogue_.topics_of(id);
  return account;
}

Clients Core::accounts(const ClientId& after, Instant now) const {
  Clients clients;
  roster_.for_each_after(after, [&](const ClientId& id, const Client& client) {
    if (id == self_ || client.removed) return true;
    clients.more = clients.accounts.size() == kMostAccounts;
    if (!clients.more) clients.accounts.push_back(brief_account(id, client, now));
    return !clients.more;
  });
  return clients;
}

ClientId Core::client_called(const std::string& who) const {
  std::vector<ClientId> by_id;
  std::vector<ClientId> by_name;
  roster_.for_each_after({}, [&](const ClientId& id, const Client& client) {
    if (id == self_) return true;
    if (is_prefix(who) && id.hex().starts_with(who)) by_id.push_back(id);
    if (!client.removed && client.name == who) by_name.push_back(id);
    return true;
  });
  const std::vector<ClientId>& found = by_id.empty() ? by_name : by_id;
  if (found.size() == 1) return found.front();
  if (found.empty())
    throw InputError("no client has the id or the name " + utf8::quoted(who) +
                     "; expected one of `outrider client list`, an id by at least " + std::to_string(kShortestPrefix) +
                     " of its digits");
  throw InputError(std::to_string(found.size()) + " clients are meant by " + utf8::quoted(who) + ", among them " +
                   found[0].hex() + " and " + found[1].hex() + "; give more digits of the id");
}

Account Core::account(const ClientId& id, Instant now) const {
  const Client* client = roster_.find(id);
  if (client == nullptr) throw InputError("no client has the id " + id.hex());
  Account account = brief_account(id, *client, now);
  std::map<Topic, Decision> latest;
  store_.scan(Column::contributions, id.view(), [&](ByteView, ByteView value) {
    Decision decision = decode_decision(value);
    if (!decision.is_accepted()) return;
    const Topic topic = decision.accepted->topic;
    if (catalogue_.has(id, topic)) latest.insert_or_assign(topic, std::move(decision));
  });
  for (const auto& [topic, decision] : latest)
    account.taught.push_back({topic, decision.large ? 0 : catalogue_.examples_of(*decision.accepted)});
  return account;
}

Effects Core::remove(const ClientId& id, bool forget, Instant now) {
  Client* client = roster_.find(id);
  if (client == nullptr || id == self_) throw InputError("no client has the id " + id.hex());
  Effects effects;
  if (forget) {
    effects = this->forget(id, *client, now);
  } else if (brief_account(id, *client, now).connected) {
    throw InputError("client " + utf8::quoted(client->name) + " (" + id.brief() +
                     ") is connected; stop it first, or add --forget to take back what it taught");
  } else {
    effects.notices.push_back("removed " + client->title(id) + " from the list of clients; what it taught stays");
  }
  invariant(roster_.find(id) != nullptr, "who is removed is on the list");
  roster_.remove(id, effects.writes);
  if (forget) effects.append(step(now));
  return effects;
}

}  // namespace outrider::aggregator
