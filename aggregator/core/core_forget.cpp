// How the core takes back what was taught, so that its knowledge is what it would be had it never been said.
#include <algorithm>
#include <set>
#include <utility>

#include "aggregator/core/core.h"
#include "aggregator/core/meta_names.h"
#include "knowledge/counted.h"
#include "knowledge/error.h"
#include "knowledge/invariant.h"
#include "knowledge/utf8.h"

namespace outrider::aggregator {

// What is taken back, and where.
struct Core::TakenBack {
  Revision revision{};  // that it makes, if anything merged changes
  std::size_t contributions = 0;
  std::set<Topic> topics;
  std::set<ClientId> clients;
  bool changed = false;
  Effects effects;
};

// Of accepted contributions the decisions stay, without payloads: so their numbers stay used up, what is sent once more
// is answered, and replicas that were away hear which topics have changed.
void Core::take_back(const ClientId& id, const std::function<bool(const Topic&)>& is_meant, TakenBack& taken) {
  std::set<Topic> topics;
  history_.forget(id);
  store_.scan(Column::contributions, id.view(), [&](ByteView key, ByteView value) {
    Decision decision = decode_decision(value);
    if (!decision.is_accepted()) return;
    if (decision.taken_back || !is_meant(decision.accepted->topic)) return history_.accepted(decision);
    if (decision.large) erase_parts(*std::exchange(decision.large, {}), taken.effects.writes);
    topics.insert(decision.accepted->topic);
    decision.accepted = header_of(*decision.accepted);
    decision.dropped = false;
    decision.taken_back = true;
    if (catalogue_.has(id, decision.accepted->topic)) decision.revision = taken.revision;
    history_.accepted(decision);
    taken.effects.writes.put(Column::contributions, to_bytes(key), encode(decision));
    ++taken.contributions;
  });
  for (const Topic& topic : topics) {
    if (!catalogue_.has(id, topic)) continue;
    catalogue_.fold({id, {}, revision_, topic, {}}, taken.revision);
    taken.changed = true;
  }
  for (const Topic& topic : topics) invariant(!catalogue_.has(id, topic), "what is forgotten is merged into nothing");
  if (!topics.empty()) taken.clients.insert(id);
  taken.topics.merge(topics);
}

// One commit: a crash leaves all or nothing.
Effects Core::finish(TakenBack&& taken, std::string_view what, Instant now) {
  catalogue_.forget_withdrawn();
  if (taken.changed) record_revision({taken.revision, {}, 0}, taken.effects.writes);
  note_forgetting({wall_clock(now), std::string(what), taken.contributions}, taken.effects.writes);
  return std::move(taken.effects);
}

Effects Core::forget(const ClientId& id, Client& client, Instant now) {
  const std::string title = client.title(id);
  TakenBack taken;
  taken.revision = next(revision_);
  take_back(
      id, [](const Topic&) { return true; }, taken);
  uploads_.drop(id, taken.effects.writes);
  client.name.clear();
  taken.effects.notices.push_back("took back all that " + title +
                                  " had taught: " + counted(taken.contributions, "contribution") + " on " +
                                  counted(taken.topics.size(), "topic"));
  return finish(std::move(taken), "a client", now);
}

std::pair<Effects, Forgotten> Core::forget_class(const std::string& name, Instant now) {
  if (name.empty() || name.front() == kOwnSubject) throw InputError("no class can be called " + utf8::quoted(name));
  std::set<ClientId> teachers;
  store_.scan(Column::contributions, {}, [&](ByteView, ByteView value) {
    const Decision decision = decode_decision(value);
    if (decision.is_accepted() && !decision.taken_back && decision.accepted->topic.subject == name)
      teachers.insert(decision.accepted->client);
  });
  if (teachers.empty())
    throw InputError("nothing is known of " + utf8::quoted(name) + ", neither merged nor on record; `outrider status`" +
                     " lists what is");
  TakenBack taken;
  taken.revision = next(revision_);
  for (const ClientId& id : teachers)
    take_back(
        id, [&](const Topic& topic) { return topic.subject == name; }, taken);
  const Forgotten forgotten{taken.contributions, taken.clients.size()};
  taken.effects.notices.push_back(
      "took back all that was taught on a class: " + counted(forgotten.contributions, "contribution") + " of " +
      counted(forgotten.clients, "client"));
  Effects effects = finish(std::move(taken), "a class", now);
  effects.append(step(now));
  return {std::move(effects), forgotten};
}

void Core::note_forgetting(const Forgetting& forgetting, WriteSet& writes) const {
  std::uint64_t number = 0;
  std::uint64_t kept = 0;
  std::optional<Bytes> oldest;
  store_.scan(Column::meta, bytes_of(kForgettings), [&](ByteView key, ByteView) {
    if (!oldest) oldest = to_bytes(key);
    number = number_in_key(key, kForgettings.size()) + 1;
    ++kept;
  });
  if (kept >= kMostForgettings) writes.erase(Column::meta, *std::move(oldest));
  writes.put(Column::meta, key_of(bytes_of(kForgettings), number), encode(forgetting));
}

std::vector<Forgetting> Core::forgettings() const {
  std::vector<Forgetting> all;
  store_.scan(Column::meta, bytes_of(kForgettings),
              [&](ByteView, ByteView record) { all.push_back(decode_forgetting(record)); });
  return all;
}

}  // namespace outrider::aggregator
