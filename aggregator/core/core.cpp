#include "aggregator/core/core.h"

#include <algorithm>
#include <cassert>
#include <span>
#include <utility>

#include "knowledge/error.h"
#include "knowledge/utf8.h"
#include "protocol/limits.h"

namespace outrider::aggregator {
namespace {

const std::string kPrototypeFamily = "prototype";

// Since which revision, and by which rules, classes are merged.
Bytes rules_name() {
  return to_bytes("rules of merging classes");
}

Bytes revision_name() {
  return to_bytes("revision");
}

// Up to which revision nothing is on record of what was taken back.
Bytes forgotten_name() {
  return to_bytes("forgotten");
}

Bytes encoder_name() {
  return to_bytes("encoder");
}

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

void Core::restore() {
  store_.scan(Column::blobs, {}, [&](ByteView key, ByteView content) {
    const Digest space = Digest::from_bytes(key);
    if (const auto reason = objection_of([&] { catalogue_.open_space(space, content); }))
      leave_out("the space " + space.brief(), *reason);
  });
  store_.scan(Column::clients, {}, [&](ByteView key, ByteView value) {
    ClientRecord record = decode_client_record(value);
    record.name = protocol::sendable_text(record.name, limits_.name_bytes);
    roster_.restore(ClientId::from_bytes(key), record);
  });
  ClientId client;
  Latest latest;
  store_.scan(Column::contributions, {}, [&](ByteView key, ByteView value) {
    if (const ClientId next = ClientId::from_bytes(key.first(ClientId::kSize)); next != client) {
      fold(std::exchange(latest, {}));
      client = next;
    }
    restore_decision(key, decode_decision(value), latest);
  });
  fold(latest);
  catalogue_.forget_withdrawn();
  if (const auto revision = store_.get(Column::meta, revision_name())) revision_ = Revision{number_in_key(*revision)};
  if (const auto forgotten = store_.get(Column::meta, forgotten_name()))
    catalogue_.forgot(Revision{number_in_key(*forgotten)});
  if (const auto encoder = store_.get(Column::meta, encoder_name())) encoder_ = Digest::from_bytes(*encoder);
  if (const auto rules = store_.get(Column::meta, rules_name()))
    catalogue_.touch(kPrototypeFamily, Revision{number_in_key(*rules)});
  announced_ = revision_;
  own();
}

// The keys of a client come in ascending sequence, so that a later contribution replaces an earlier one.
void Core::restore_decision(ByteView key, Decision decision, Latest& latest) {
  const ClientId id = ClientId::from_bytes(key.first(ClientId::kSize));
  const SequenceNumber sequence{number_in_key(key, ClientId::kSize)};
  Client* client = roster_.find(id);
  if (client == nullptr) throw InputError("the state has decisions on client " + id.hex() + " but no record of it");
  // A refusal that could not be sent was never heard: the client still offers the contribution, unless something was
  // decided after it, and it is decided anew.
  if (utf8::objection(decision.refused, protocol::kMaxTextBytes)) {
    client->highest_decided = SequenceNumber{number(sequence) - 1};
    roster_.keep(id, *client);
    return;
  }
  roster_.decided(id, *client, sequence, decision.is_accepted());
  if (!decision.is_accepted()) return history_.refused(id, sequence);
  history_.accepted(decision);
  const Topic topic = decision.accepted->topic;
  const bool withdraws = !decision.large && !decision.dropped && decision.accepted->withdraws();
  Said& said = latest[topic];
  said.taught |= !withdraws || decision.taken_back || decision.taught_before;
  said.decision = std::move(decision);
}

// Payloads that lie in parts are read here, so those that were replaced are not. What was withdrawn and never taught
// leaves nothing; programs of before have such on record.
void Core::fold(const Latest& latest) {
  for (const auto& [topic, said] : latest) {
    if (!said.taught) continue;
    const Decision& decision = said.decision;
    auto reason = protocol::topic_objection(topic);
    if (!reason) {
      const Contribution contribution = whole(decision, store_);
      reason = objection_of([&] { catalogue_.fold(contribution, decision.revision); });
    }
    if (reason)
      leave_out("what client " + decision.accepted->client.brief() + " taught on " + utf8::quoted(topic.subject),
                *reason);
  }
}

// An earlier version accepted what could then not be sent, and went silent.
void Core::leave_out(const std::string& what, const std::string& reason) {
  constexpr std::size_t kNamed = 20;
  ++left_out_;
  if (complaints_.size() < kNamed) complaints_.push_back(what + " is left out: " + utf8::printable(reason, 600));
}

std::vector<std::string> Core::complaints() const {
  std::vector<std::string> sentences = complaints_;
  if (left_out_ > complaints_.size())
    sentences.push_back("as are " + std::to_string(left_out_ - complaints_.size()) + " others");
  return sentences;
}

Effects Core::receive(const protocol::Message& received, Instant now) {
  Effects effects = std::visit([&](const auto& body) { return on(received.client, body, now); }, received.body);
  std::ranges::move(std::exchange(returns_, {}), std::back_inserter(effects.notices));
  notices_.filter(received.client, now, effects.notices);
  note_seen(received.client, now, pace_.write_seen_every_seconds, effects.writes);
  effects.append(conduct(now));
  return effects;
}

Client* Core::seen(const ClientId& from, Instant now) {
  Client* client = roster_.find(from);
  if (client != nullptr && roster_.saw(from, *client, now)) returns_.push_back(client->notice(from, Presence::back));
  return client;
}

void Core::note_seen(const ClientId& from, Instant now, std::uint64_t every_seconds, WriteSet& writes) {
  if (pace_.started == 0) return;
  Client* client = roster_.find(from);
  const std::uint64_t wall = pace_.started + static_cast<std::uint64_t>(now.count() / 1000);
  if (client == nullptr || wall < client->seen + every_seconds) return;
  client->seen = wall;
  writes.put(Column::clients, to_bytes(from.view()), encode(client->record()));
}

Effects Core::on(const ClientId& from, const protocol::Hello& hello, Instant now) {
  if (from == self_) return {};
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
  catalogue_.meet(hello.capacity);
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
  if (begins_anew || hello.replica == Revision{}) client->began = Revision{};
  effects.messages.push_back(
      {from, protocol::Welcome{self_, begins_anew ? Revision{} : revision_, encoder_, client->highest_decided,
                               pace_.heartbeat_seconds, hello.conversation, true}});
  if (begins_anew) effects.messages.push_back({from, protocol::Announce{self_, revision_, encoder_}});
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

void Core::begin_next_if_full(Taken& taken, const Contribution& contribution, WriteSet& writes) {
  constexpr std::size_t kKeyBytes = ClientId::kSize + sizeof(std::uint64_t);
  const std::size_t size = contribution.payload.size() + contribution.topic.subject.size();
  if (!taken.keys.empty() &&
      (taken.bytes + size > limits_.revision_bytes || taken.keys.size() / kKeyBytes >= limits_.revision_entries)) {
    record_revision(taken, writes);
    taken = {next(taken.revision), {}, 0};
  }
  taken.bytes += size;
}

void Core::record_revision(const Taken& taken, WriteSet& writes) {
  revision_ = taken.revision;
  writes.put(Column::revisions, key_of(number(revision_)), taken.keys);
  writes.put(Column::meta, revision_name(), key_of(number(revision_)));
}

Effects Core::on(const ClientId& from, const protocol::Want& want, Instant now) {
  Effects effects;
  Client* client = seen(from, now);
  if (client != nullptr) {
    client->replica = want.since;
    const bool begins = want.since == Revision{} && want.after == Topic{};
    // Asked once more, it may go on with the first answer.
    if (begins && client->began == Revision{}) client->began = revision_;
    client->begins_anew = !begins && is_too_old(*client, want.since);
  }
  // It looks for the aggregator that it takes this for, says hello, and finds how things stand.
  if (client == nullptr || client->begins_anew) {
    effects.messages.push_back({from, protocol::Announce{ClientId{}, revision_, encoder_}});
    return effects;
  }
  const Digest question = Hasher()
                              .field("want")
                              .field(number(revision_))
                              .field(number(want.since))
                              .field(want.after.kind)
                              .field(want.after.space.view())
                              .field(want.after.subject)
                              .field(std::uint64_t{want.by_reference} * 2 + std::uint64_t{want.paged})
                              .finish();
  if (!askers_.may_ask(from, question, now)) return effects;
  auto knowledge = page_of(want, client->capacity);
  if (!knowledge) {
    effects.messages.push_back(
        {from, protocol::Unsupported{.sentence = "what this aggregator learned after revision " +
                                                 std::to_string(number(want.since)) +
                                                 " does not fit into one message, and this client's program cannot "
                                                 "take it in several; a newer one can"}});
    return effects;
  }
  std::uint64_t bytes = 0;
  for (const protocol::KnowledgeEntry& entry : knowledge->entries) bytes += protocol::most_wire_bytes(entry);
  assert(bytes <= protocol::kMaxKnowledgeBytes && knowledge->entries.size() <= protocol::kMaxEntries);
  askers_.given(from, bytes);
  effects.messages.push_back({from, *std::move(knowledge)});
  return effects;
}

std::optional<protocol::Knowledge> Core::page_of(const protocol::Want& want, const Capacity& capacity) {
  if (std::exchange(pages_revision_, revision_) != revision_) pages_.clear();
  const auto known = std::ranges::find_if(pages_, [&](const Page& page) {
    return page.want.since == want.since && page.want.after == want.after && page.want.paged == want.paged &&
           page.want.by_reference == want.by_reference && page.capacity == capacity;
  });
  if (known != pages_.end()) {
    // What it refers to must be at hand still.
    const bool is_there = std::ranges::all_of(known->knowledge.entries, [&](const protocol::KnowledgeEntry& entry) {
      return entry.digest.empty() || shelf_.find(entry.digest) != nullptr;
    });
    if (is_there) return known->knowledge;
    pages_.erase(known);
  }
  auto knowledge = catalogue_.changes(
      want, revision_, {limits_.knowledge_bytes, limits_.knowledge_entries}, capacity,
      [&](const Topic& topic, Revision changed) { return entry_of(topic, changed, want.by_reference); });
  if (knowledge && want.paged) {
    pages_.push_front({want, capacity, *knowledge});
    if (pages_.size() > limits_.pages) pages_.pop_back();
  }
  return knowledge;
}

protocol::KnowledgeEntry Core::entry_of(const Topic& topic, Revision changed, bool by_reference) {
  if (const auto known = shelved_.find(topic); by_reference && known != shelved_.end())
    if (const Shelved& large = known->second; large.changed == changed && shelf_.find(large.digest) != nullptr)
      return {topic, {}, large.digest, large.bytes};
  protocol::KnowledgeEntry entry = catalogue_.whole_entry(topic);
  if (!by_reference || entry.payload.size() <= limits_.inline_bytes) return entry;
  entry.digest = Digest::of(entry.payload);
  entry.bytes = entry.payload.size();
  shelf_.put(entry.digest, std::exchange(entry.payload, {}));
  if (shelved_.size() >= limits_.shelved) shelved_.clear();
  shelved_.insert_or_assign(topic, Shelved{changed, entry.digest, entry.bytes});
  return entry;
}

Effects Core::on(const ClientId& from, const protocol::WantBlob& want, Instant now) {
  seen(from, now);
  const Bytes* content = shelf_.find(want.blob);
  if (content == nullptr) {
    if (auto blob = store_.get(Column::blobs, want.blob.view())) {
      shelf_.put(want.blob, *std::move(blob));
      content = shelf_.find(want.blob);
    }
  }
  protocol::BlobChunk chunk{want.blob, want.offset, 0, {}};
  if (content != nullptr) {
    chunk.total = content->size();
    const std::size_t begin = std::min<std::size_t>(want.offset, content->size());
    const std::size_t length = std::min<std::size_t>({want.length, limits_.chunk_bytes, content->size() - begin});
    chunk.content = to_bytes(ByteView(*content).subspan(begin, length));
  }
  Effects effects;
  effects.messages.push_back({from, std::move(chunk)});
  return effects;
}

Effects Core::on(const ClientId& from, const protocol::Heartbeat& heartbeat, Instant now) {
  Effects effects;
  Client* client = seen(from, now);
  if (client == nullptr) {  // it was forgotten: it looks for the aggregator again and says hello
    if (from != self_) effects.messages.push_back({from, protocol::Announce{ClientId{}, revision_, encoder_}});
    return effects;
  }
  client->replica = heartbeat.replica;
  client->outbox = heartbeat.outbox;
  // What is newer than that is told at the pace of announcements: who has just caught up says so with a heartbeat, and
  // would have to catch up again at once for as long as others contribute.
  client->announced = announced_;
  effects.messages.push_back({from, protocol::Announce{self_, announced_, encoder_}});
  return effects;
}

Effects Core::on(const ClientId& from, const protocol::Goodbye&, Instant now) {
  Effects effects;
  Client* client = roster_.find(from);
  if (client == nullptr) return effects;
  note_seen(from, now, 60, effects.writes);
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
  Effects effects = conduct(now);
  roster_.forget_excess(effects.writes);
  uploads_.expire(now, effects.writes);
  drop_history(effects.writes);
  if (now >= roll_call_) call_roll(now, effects);
  if (now < announcement()) return effects;
  roster_.for_each_connected(now, silence(), [&](const ClientId& id, Client& client) {
    if (client.announced >= revision_ || id == self_) return;
    client.announced = revision_;
    effects.messages.push_back({id, protocol::Announce{self_, revision_, encoder_}});
  });
  announced_ = revision_;
  last_announcement_ = now;
  return effects;
}

void Core::drop_history(WriteSet& writes) {
  const History::Gone gone = history_.drop_excess(store_, writes);
  for (const auto& [id, count] : gone.of) {
    Client& client = *roster_.find(id);
    client.gone_accepted += count.accepted;
    client.gone_refused += count.refused;
    writes.put(Column::clients, to_bytes(id.view()), encode(client.record()));
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

Effects Core::publish(Bytes encoder, const std::vector<BaseKnowledge>& base) {
  const Digest id = Digest::of(encoder);
  if (id == encoder_) return {};
  catalogue_.open_space(id, encoder);
  std::vector<Saying> sayings;
  for (const BaseKnowledge& piece : base) sayings.push_back({{piece.kind, id, piece.subject}, piece.payload, {}});
  const std::vector<Contribution> contributions = in_own_name(std::move(sayings));
  for (const Contribution& contribution : contributions)
    if (const auto reason = objection(self_, contribution))
      throw InputError("the base knowledge on " + utf8::quoted(contribution.topic.subject) +
                       " does not fit its encoder: " + *reason);
  Effects effects;
  say(contributions, effects.writes);
  effects.writes.put(Column::blobs, to_bytes(id.view()), std::move(encoder));
  effects.writes.put(Column::meta, encoder_name(), to_bytes(id.view()));
  encoder_ = id;
  return effects;
}

Effects Core::merge_by(const std::string& rules) {
  Effects effects;
  const auto known = store_.get(Column::meta, rules_name());
  if (known && text_of(ByteView(*known).subspan(sizeof(std::uint64_t))) == rules) return effects;
  if (catalogue_.has_any(kPrototypeFamily)) {
    record_revision({next(revision_), {}, 0}, effects.writes);
    catalogue_.touch(kPrototypeFamily, revision_);
  }
  Bytes record = key_of(number(revision_));
  std::ranges::copy(bytes_of(rules), std::back_inserter(record));
  effects.writes.put(Column::meta, rules_name(), std::move(record));
  return effects;
}

Client& Core::own() {
  Client& self = roster_.own(self_);
  self.name = "base knowledge";
  return self;
}

std::vector<Contribution> Core::in_own_name(std::vector<Saying> sayings) {
  std::vector<Contribution> contributions;
  SequenceNumber sequence = own().highest_decided;
  for (Saying& saying : sayings) {
    sequence = next(sequence);
    contributions.push_back({self_, sequence, revision_, std::move(saying.topic), std::move(saying.payload)});
  }
  return contributions;
}

void Core::say(const std::vector<Contribution>& contributions, WriteSet& writes) {
  Client& self = own();
  Taken taken{next(revision_), {}, 0};
  for (const Contribution& contribution : contributions) accept(self, contribution, contribution.id(), taken, writes);
  catalogue_.forget_withdrawn();
  writes.put(Column::clients, to_bytes(self_.view()), encode(self.record()));
  record_revision(taken, writes);
}

Effects Core::conduct(Instant now) {
  Effects effects;
  if (encoder_.empty()) return effects;
  const Present present = [&] {
    std::vector<PresentClient> clients;
    roster_.for_each_connected(now, silence(), [&](const ClientId& id, const Client& client) {
      if (id != self_) clients.push_back({id, client.capacity});
    });
    return clients;
  };
  for (;;) {
    std::vector<Saying> sayings = catalogue_.conduct(encoder_, present, now);
    for (Saying& saying : sayings)
      if (!saying.notice.empty()) effects.notices.push_back(std::move(saying.notice));
    std::erase_if(sayings, [&](const Saying& saying) {
      const auto reason = saying.topic.kind.empty() ? std::nullopt : protocol::topic_objection(saying.topic);
      if (reason)
        effects.notices.push_back("a family has something to say that cannot be sent: its subject " + *reason);
      return saying.topic.kind.empty() || reason;
    });
    if (sayings.empty()) return effects;
    say(in_own_name(std::move(sayings)), effects.writes);
  }
}

protocol::Status Core::status(Instant now, const protocol::StatusQuery& query) const {
  const std::size_t most = limits_.status_entries + 1;  // one more tells that there are more
  protocol::Status status{self_, revision_, encoder_,
                          roster_.status(now, silence(), pace_.started, self_, query.clients_after, most),
                          catalogue_.topics(query.topics_after, most)};
  status.more_clients = status.clients.size() == most;
  status.more_topics = status.topics.size() == most;
  if (status.more_clients) status.clients.pop_back();
  if (status.more_topics) status.topics.pop_back();
  status.all_clients = roster_.listed();
  status.all_topics = catalogue_.size();
  status.usable_topics = catalogue_.size_of(encoder_);
  status.facts = catalogue_.facts(encoder_, now);
  if (status.facts.size() > limits_.status_entries) status.facts.resize(limits_.status_entries);
  return status;
}

}  // namespace outrider::aggregator
