#include "aggregator/core/core.h"

#include <algorithm>
#include <span>
#include <utility>

#include "aggregator/core/meta_names.h"
#include "knowledge/invariant.h"
#include "knowledge/utf8.h"
#include "protocol/limits.h"

namespace outrider::aggregator {
namespace {

constexpr const char* kCopyOfAState =
    "this state is a copy of one that is in use: another device is connected with the same keys. Start this one with a "
    "--state directory of its own; if it is the only one, start it again in a minute";

}  // namespace

void Effects::append(Effects later) {
  writes.append(std::move(later.writes));
  std::ranges::move(later.messages, std::back_inserter(messages));
  std::ranges::move(later.notices, std::back_inserter(notices));
}

Core::Core(ClientId self, const Store& store, const std::vector<std::unique_ptr<Family>>& families, Limits limits,
           Pace pace)
    : self_(self),
      store_(store),
      limits_(limits),
      pace_(pace),
      catalogue_(families, limits.catalogue),
      roster_(limits.roster),
      askers_(limits.askers),
      notices_(limits.notices),
      uploads_(store, limits.uploads),
      history_(limits.history),
      shelf_(limits.shelf_bytes) {
  restore();
}

Effects Core::receive(const protocol::Message& received, Instant now) {
  if (received.client == self_) return {};  // a stranger who calls himself that
  const Revision before = revision_;
  Effects effects = std::visit([&](const auto& body) { return on(received.client, body, now); }, received.body);
  std::ranges::move(std::exchange(returns_, {}), std::back_inserter(effects.notices));
  notices_.filter(received.client, now, effects.notices);
  note_seen(received.client, now, pace_.write_seen_every_seconds, effects.writes);
  effects.append(step(now));
  check_invariants(before, effects);
  return effects;
}

// Looks at what has been done, not at how.
void Core::check_invariants(Revision before, const Effects& effects) const {
  invariant(revision_ >= before, "revisions only grow");
  invariant(announced_ <= revision_, "no revision is announced that has not been made");
  invariant(catalogue_.newest() <= revision_, "nothing changed in a revision that has not been made");
  invariant(pages_.size() <= limits_.pages && shelved_.size() <= limits_.shelved, "what is kept at hand is bounded");
  for (const protocol::Message& message : effects.messages)
    invariant(message.client != self_, "nothing is sent to the aggregator itself");
}

Client* Core::seen(const ClientId& from, Instant now) {
  Client* client = roster_.find(from);
  if (client != nullptr && roster_.saw(from, *client, now)) returns_.push_back(client->notice(from, Presence::back));
  return client;
}

void Core::note_seen(const ClientId& from, Instant now, std::uint64_t every_seconds, WriteSet& writes) {
  if (pace_.started == 0) return;
  Client* client = roster_.find(from);
  const std::uint64_t wall = wall_clock(now);
  if (client == nullptr || wall < client->seen + every_seconds) return;
  client->seen = wall;
  writes.put(Column::clients, to_bytes(from.view()), encode(client->record()));
}

Effects Core::on(const ClientId& from, const protocol::Hello& hello, Instant now) {
  Effects effects;
  Client* client = roster_.find_or_add(from, effects.writes);
  if (client == nullptr) {  // the client asks again, and less and less often
    const std::string reason = "there is no place for another client: all " + std::to_string(roster_.limits().clients) +
                               " have contributed and are kept";
    effects.messages.push_back({from, protocol::Refused{{}, reason, false}});
    effects.notices.push_back("turned away " + from.brief() + ": " + reason);
    return effects;
  }
  if (is_copy(*client, hello.incarnation, now)) {
    effects.notices.push_back("a copy of the state of " + client->title(from) +
                              ", which is connected, wants to take part: turned away");
    effects.messages.push_back({from, protocol::Rejected{kCopyOfAState, hello.conversation}});
    return effects;
  }
  client->incarnation = hello.incarnation.number;
  const bool is_new = client->last_seen == kNever && client->highest_decided == SequenceNumber{};
  const std::string name = protocol::sendable_text(utf8::cut(hello.name, limits_.name_bytes), limits_.name_bytes);
  const bool was_away = client->last_seen == kNever || now - client->last_seen > silence();
  const std::string version(utf8::cut(hello.version, limits_.version_bytes));
  const bool came_back = roster_.has_come_back(*client);
  if (is_new || came_back || client->name != name || client->capacity != hello.capacity || client->version != version) {
    client->name = name;
    client->capacity = hello.capacity;
    client->version = version;
    effects.writes.put(Column::clients, to_bytes(from.view()), encode(client->record()));
  }
  catalogue_.client_joined(hello.capacity);
  askers_.begin(from);
  if (was_away) effects.notices.push_back(client->notice(from, Presence::come));
  if (const ClientId* other = is_new ? roster_.absent_namesake(from, name, now, silence()) : nullptr)
    effects.notices.push_back(client->title(from) + " is new, and another of that name has taught before, " +
                              other->brief() + ": if that one's state was lost, its pictures will count twice until `" +
                              "outrider client remove " + other->brief() + " --forget` takes them back");
  roster_.saw(from, *client, now);
  client->replica = hello.replica;
  client->announced = revision_;
  // Who hears of an earlier revision than his own gives up his replica and asks for everything.
  const bool begins_anew = client->begins_anew || (hello.replica != Revision{} && is_too_old(*client, hello.replica));
  client->may_begin = begins_anew || hello.replica == Revision{};
  if (client->may_begin) client->began = Revision{};
  effects.messages.push_back(
      {from, protocol::Welcome{self_, begins_anew ? Revision{} : revision_, definition_, client->highest_decided,
                               pace_.heartbeat_seconds, hello.conversation, true}});
  if (begins_anew) effects.messages.push_back({from, protocol::Announce{self_, revision_, definition_}});
  return effects;
}

bool Core::is_copy(const Client& client, const protocol::Incarnation& incarnation, Instant now) const {
  const bool is_another =
      client.incarnation != 0 && incarnation.number != 0 && incarnation.number != client.incarnation;
  const bool is_connected = client.last_seen != kNever && now - client.last_seen <= silence();
  const bool follows =
      !incarnation.relocated && std::ranges::find(incarnation.earlier, client.incarnation) != incarnation.earlier.end();
  return is_another && is_connected && !follows;
}

Effects Core::on(const ClientId& from, const protocol::Heartbeat& heartbeat, Instant now) {
  Effects effects;
  Client* client = seen(from, now);
  if (client == nullptr) {  // it was forgotten: it looks for the aggregator again and says hello
    effects.messages.push_back({from, protocol::Announce{ClientId{}, revision_, definition_}});
    return effects;
  }
  client->replica = heartbeat.replica;
  client->outbox = heartbeat.outbox;
  // What is newer than that is told at the pace of announcements: who has just caught up says so with a heartbeat, and
  // would have to catch up again at once for as long as others contribute.
  client->announced = announced_;
  effects.messages.push_back({from, protocol::Announce{self_, announced_, definition_}});
  return effects;
}

Effects Core::on(const ClientId& from, const protocol::Goodbye&, Instant now) {
  Effects effects;
  Client* client = roster_.find(from);
  if (client == nullptr) return effects;
  note_seen(from, now, 1, effects.writes);  // status tells it from now on
  roster_.saw(from, *client, kNever);
  effects.notices.push_back(client->notice(from, Presence::left));
  return effects;
}

Effects Core::on(const ClientId& from, const protocol::StatusQuery& query, Instant now) {
  Effects effects;
  const Topic& topic = query.topics_after;
  const Digest question = Hasher()
                              .field("status")
                              .field(query.clients_after.view())
                              .field(topic.kind)
                              .field(topic.space.view())
                              .field(topic.subject)
                              .finish();
  if (!askers_.may_ask(from, question, now)) return effects;
  effects.messages.push_back({from, status(now, query)});
  const auto& answer = std::get<protocol::Status>(effects.messages.back().body);
  askers_.given(from, 512 * (answer.clients.size() + answer.topics.size()));
  return effects;
}

Effects Core::tick(Instant now) {
  const Revision before = revision_;
  Effects effects = step(now);
  roster_.forget_excess(effects.writes);
  uploads_.expire(now, effects.writes);
  drop_history(effects.writes);
  if (now >= roll_call_) call_roll(now, effects);
  if (now >= announcement()) announce(now, effects);
  check_invariants(before, effects);
  return effects;
}

void Core::announce(Instant now, Effects& effects) {
  roster_.for_each_connected(now, silence(), [&](const ClientId& id, Client& client) {
    if (client.announced >= revision_ || id == self_) return;
    client.announced = revision_;
    effects.messages.push_back({id, protocol::Announce{self_, revision_, definition_}});
  });
  announced_ = revision_;
  last_announcement_ = now;
}

void Core::drop_history(WriteSet& writes) {
  const History::Gone gone = history_.drop_excess(store_, writes);
  for (const auto& [id, count] : gone.of) {
    Client* client = roster_.find(id);
    invariant(client != nullptr, "who has decisions on record is known");
    client->gone_accepted += count.accepted;
    client->gone_refused += count.refused;
    writes.put(Column::clients, to_bytes(id.view()), encode(client->record()));
  }
  if (gone.taken_back == Revision{}) return;
  catalogue_.forgot(gone.taken_back);
  writes.put(Column::meta, forgotten_name(), key_of(number(catalogue_.forgotten())));
}

Instant Core::deadline() const {
  const Instant excess = roster_.has_excess() || history_.has_excess() ? Instant::min() : kNever;
  return std::min({announcement(), catalogue_.deadline(), uploads_.deadline(), excess});
}

void Core::call_roll(Instant now, Effects& effects) {
  constexpr std::size_t kNamed = 8;
  const std::vector<ClientId> silent = roster_.take_silent(now, silence());
  for (const ClientId& id : std::span(silent).first(std::min(silent.size(), kNamed)))
    effects.notices.push_back(roster_.find(id)->notice(id, Presence::silent));
  if (silent.size() > kNamed)
    effects.notices.push_back(std::to_string(silent.size() - kNamed) + " others are silent too");
  roll_call_ = now + std::chrono::seconds(pace_.heartbeat_seconds);
}

Instant Core::announcement() const {
  return announced_ == revision_ ? kNever
                                 : last_announcement_ + pace_.announce_every + roster_.present() * pace_.announce_each;
}

protocol::Status Core::status(Instant now, const protocol::StatusQuery& query) const {
  const std::size_t most = limits_.status_entries + 1;  // one more tells that there are more
  protocol::Status status{self_, revision_, definition_,
                          roster_.status(now, silence(), pace_.started, self_, query.clients_after, most),
                          catalogue_.topics(query.topics_after, most)};
  status.more_clients = status.clients.size() == most;
  status.more_topics = status.topics.size() == most;
  if (status.more_clients) status.clients.pop_back();
  if (status.more_topics) status.topics.pop_back();
  status.all_clients = roster_.listed();
  status.all_topics = catalogue_.size();
  status.usable_topics = catalogue_.size_of(definition_);
  status.facts = catalogue_.facts(definition_, now);
  if (status.facts.size() > limits_.status_entries) status.facts.resize(limits_.status_entries);
  return status;
}

}  // namespace outrider::aggregator
