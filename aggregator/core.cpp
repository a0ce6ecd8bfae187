#include "aggregator/core.h"

#include <algorithm>
#include <utility>

#include "knowledge/error.h"
#include "knowledge/utf8.h"
#include "protocol/limits.h"

namespace outrider::aggregator {
namespace {

Bytes revision_name() {
  return to_bytes("revision");
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
      catalogue_(families),
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
  if (const auto revision = store_.get(Column::meta, revision_name())) revision_ = Revision{number_in_key(*revision)};
  if (const auto encoder = store_.get(Column::meta, encoder_name())) encoder_ = Digest::from_bytes(*encoder);
  announced_ = revision_;
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
    return;
  }
  remember(*client, {sequence, decision.id, decision.refused});
  if (!decision.is_accepted()) return;
  history_.accepted(decision);
  const Topic topic = decision.accepted->topic;
  latest.insert_or_assign(topic, std::move(decision));
}

// Payloads that lie in parts are read here, so those that were replaced are not.
void Core::fold(const Latest& latest) {
  for (const auto& [topic, decision] : latest) {
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
  effects.append(conduct(now));
  return effects;
}

Client* Core::seen(const ClientId& from, Instant now) {
  Client* client = roster_.find(from);
  if (client != nullptr) roster_.saw(from, *client, now);
  return client;
}

Effects Core::on(const ClientId& from, const protocol::Hello& hello, Instant now) {
  if (from == self_) return {};
  Client* client = roster_.find_or_add(from, limits_.clients);
  if (client == nullptr) return {};  // full: the client asks again, and less and less often
  Effects effects;
  if (is_copy(*client, hello.incarnation, now)) {
    effects.notices.push_back("a copy of the state of " + client->title(from) +
                              ", which is connected, wants to take part: turned away");
    effects.messages.push_back({from, protocol::Rejected{kCopyOfAState}});
    return effects;
  }
  client->incarnation = hello.incarnation.number;
  const bool is_new = client->last_seen == kNever && client->highest_decided == SequenceNumber{};
  const std::string name(utf8::cut(hello.name, limits_.name_bytes));
  const bool was_away = client->last_seen == kNever || now - client->last_seen > silence();
  if (is_new || client->name != name || client->capacity != hello.capacity) {
    client->name = name;
    client->capacity = hello.capacity;
    effects.writes.put(Column::clients, to_bytes(from.view()), encode(client->record()));
  }
  catalogue_.meet(hello.capacity);
  if (was_away) effects.notices.push_back(client->title(from) + " has come");
  roster_.saw(from, *client, now);
  client->replica = hello.replica;
  client->announced = revision_;
  effects.messages.push_back({from, protocol::Welcome{self_, revision_, encoder_, client->highest_decided,
                                                      pace_.heartbeat_seconds, hello.conversation, true}});
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

void Core::record_revision(Revision revision, Bytes accepted, WriteSet& writes) {
  revision_ = revision;
  writes.put(Column::revisions, key_of(number(revision)), std::move(accepted));
  writes.put(Column::meta, revision_name(), key_of(number(revision)));
}

Effects Core::on(const ClientId& from, const protocol::Want& want, Instant now) {
  Effects effects;
  Client* client = seen(from, now);
  if (client != nullptr) client->replica = want.since;
  const Capacity capacity = client != nullptr ? client->capacity : Capacity{};
  protocol::Knowledge knowledge = catalogue_.changes(want.since, revision_, limits_.knowledge_bytes, capacity);
  if (want.by_reference) refer(knowledge);
  effects.messages.push_back({from, std::move(knowledge)});
  return effects;
}

void Core::refer(protocol::Knowledge& knowledge) {
  for (protocol::KnowledgeEntry& entry : knowledge.entries) {
    if (entry.payload.size() <= limits_.inline_bytes) continue;
    entry.digest = Digest::of(entry.payload);
    entry.bytes = entry.payload.size();
    shelf_.put(entry.digest, std::exchange(entry.payload, {}));
  }
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
  Client* client = seen(from, now);
  if (client == nullptr) return {};
  client->replica = heartbeat.replica;
  client->outbox = heartbeat.outbox;
  client->announced = revision_;
  Effects effects;
  effects.messages.push_back({from, protocol::Announce{self_, revision_, encoder_}});
  return effects;
}

Effects Core::on(const ClientId& from, const protocol::Goodbye&, Instant) {
  Effects effects;
  Client* client = roster_.find(from);
  if (client == nullptr) return effects;
  roster_.saw(from, *client, kNever);
  effects.notices.push_back(client->title(from) + " has left");
  return effects;
}

Effects Core::on(const ClientId& from, const protocol::StatusQuery&, Instant now) {
  Effects effects;
  effects.messages.push_back({from, status(now)});
  return effects;
}

Effects Core::tick(Instant now) {
  Effects effects = conduct(now);
  uploads_.expire(now, effects.writes);
  history_.drop_excess(store_, effects.writes);
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

Instant Core::deadline() const {
  return std::min({announcement(), catalogue_.deadline(), uploads_.deadline()});
}

Instant Core::announcement() const {
  return announced_ == revision_ ? kNever : last_announcement_ + pace_.announce_every;
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

Client& Core::own() {
  Client& self = *roster_.find_or_add(self_, roster_.size() + 1);
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
  Bytes accepted;
  const Revision revision = next(revision_);
  for (const Contribution& contribution : contributions) {
    accept(self, contribution, revision, writes);
    std::ranges::copy(decision_key(self_, contribution.sequence), std::back_inserter(accepted));
  }
  writes.put(Column::clients, to_bytes(self_.view()), encode(self.record()));
  record_revision(revision, std::move(accepted), writes);
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

protocol::Status Core::status(Instant now) const {
  protocol::Status status{self_, revision_, encoder_, roster_.status(now, silence()), catalogue_.topics()};
  std::erase_if(status.clients, [&](const protocol::ClientStatus& client) { return client.client == self_; });
  return status;
}

}  // namespace outrider::aggregator
