#include "aggregator/core.h"

#include <algorithm>
#include <utility>

#include "knowledge/error.h"

namespace outrider::aggregator {
namespace {

const Bytes& revision_name() {
  static const Bytes name(bytes_of("revision").begin(), bytes_of("revision").end());
  return name;
}

const Bytes& encoder_name() {
  static const Bytes name(bytes_of("encoder").begin(), bytes_of("encoder").end());
  return name;
}

protocol::Message message(const ClientId& to, protocol::Body body) {
  return {to, std::move(body)};
}

void append(Bytes& bytes, const Bytes& more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

Bytes copy(ByteView view) {
  return {view.begin(), view.end()};
}

}  // namespace

void Effects::append(Effects later) {
  writes.append(std::move(later.writes));
  std::ranges::move(later.messages, std::back_inserter(messages));
}

// What one Contribute message leads to.
struct Core::Batch {
  Revision revision{};           // of what it adds
  Bytes accepted_keys;           // in the column "contributions"
  std::vector<Digest> accepted;  // what to acknowledge, repeats included
  Effects effects;
};

Core::Core(ClientId self, const Store& store, std::vector<std::unique_ptr<Family>> families, Limits limits, Pace pace)
    : self_(self), store_(store), limits_(limits), pace_(pace), catalogue_(std::move(families)) {
  restore();
}

void Core::restore() {
  store_.scan(Column::blobs, {},
              [&](ByteView key, ByteView content) { catalogue_.open_space(Digest::from_bytes(key), content); });
  store_.scan(Column::clients, {}, [&](ByteView key, ByteView value) {
    roster_.restore(ClientId::from_bytes(key), decode_client_record(value));
  });
  store_.scan(Column::contributions, {},
              [&](ByteView key, ByteView value) { restore_decision(key, decode_decision(value)); });
  if (const auto revision = store_.get(Column::meta, revision_name())) revision_ = Revision{number_in_key(*revision)};
  if (const auto encoder = store_.get(Column::meta, encoder_name())) encoder_ = Digest::from_bytes(*encoder);
  announced_ = revision_;
}

// The keys of a client come in ascending sequence, so that a later contribution replaces an earlier one.
void Core::restore_decision(ByteView key, const Decision& decision) {
  const ClientId id = ClientId::from_bytes(key.first(ClientId::kSize));
  const SequenceNumber sequence{number_in_key(key, ClientId::kSize)};
  Client* client = roster_.find(id);
  if (client == nullptr) throw InputError("the state has decisions on client " + id.hex() + " but no record of it");
  remember(*client, {sequence, decision.id, decision.refused});
  if (decision.is_accepted()) catalogue_.fold(*decision.accepted, decision.revision);
}

Effects Core::receive(const protocol::Message& received, Instant now) {
  return std::visit([&](const auto& body) { return on(received.client, body, now); }, received.body);
}

Client* Core::seen(const ClientId& from, Instant now) {
  Client* client = roster_.find(from);
  if (client != nullptr) client->last_seen = now;
  return client;
}

Effects Core::on(const ClientId& from, const protocol::Hello& hello, Instant now) {
  if (from == self_) return {};
  Client* client = roster_.find_or_add(from, limits_.clients);
  if (client == nullptr) return {};  // full: the client asks again, and less and less often
  Effects effects;
  const bool is_new = client->last_seen == kNever && client->highest_decided == SequenceNumber{};
  const std::string name = hello.name.substr(0, limits_.name_bytes);
  if (is_new || client->name != name) {
    client->name = name;
    effects.writes.put(Column::clients, copy(from.view()), encode(ClientRecord{name, client->highest_decided}));
  }
  client->last_seen = now;
  client->replica = hello.replica;
  client->announced = revision_;
  effects.messages.push_back(
      message(from, protocol::Welcome{self_, revision_, encoder_, client->highest_decided, pace_.heartbeat_seconds}));
  return effects;
}

Effects Core::on(const ClientId& from, const protocol::Contribute& contribute, Instant now) {
  Client* client = seen(from, now);
  if (client == nullptr || from == self_) return {};  // it has not said hello: it will, when nothing is answered
  Batch batch;
  batch.revision = next(revision_);
  for (const Contribution& contribution : contribute.contributions) decide(from, *client, contribution, batch);
  if (!batch.accepted_keys.empty())
    record_revision(batch.revision, std::move(batch.accepted_keys), batch.effects.writes);
  if (!batch.effects.writes.empty())
    batch.effects.writes.put(Column::clients, copy(from.view()),
                             encode(ClientRecord{client->name, client->highest_decided}));
  if (!batch.accepted.empty())
    batch.effects.messages.push_back(message(from, protocol::Accepted{std::move(batch.accepted), revision_}));
  return std::move(batch.effects);
}

void Core::decide(const ClientId& from, Client& client, const Contribution& contribution, Batch& batch) {
  const SequenceNumber sequence = contribution.sequence;
  if (sequence <= client.highest_decided) return repeat_verdict(from, client, contribution, batch);
  if (sequence != next(client.highest_decided)) {  // one before it is on its way or lost; it will be sent again
    batch.effects.messages.push_back(
        message(from, protocol::Refused{contribution.id(),
                                        "contribution " + std::to_string(number(next(client.highest_decided))) +
                                            " of this client must come first",
                                        false}));
    return;
  }
  if (auto reason = objection(from, contribution)) {
    Decision decision;
    decision.id = contribution.id();
    decision.refused = *reason;
    batch.effects.writes.put(Column::contributions, decision_key(from, sequence), encode(decision));
    remember(client, {sequence, decision.id, *reason});
    batch.effects.messages.push_back(message(from, protocol::Refused{decision.id, std::move(*reason), true}));
    return;
  }
  accept(client, contribution, batch.revision, batch.effects.writes);
  append(batch.accepted_keys, decision_key(from, sequence));
  batch.accepted.push_back(client.recent.back().id);
}

void Core::repeat_verdict(const ClientId& from, const Client& client, const Contribution& contribution, Batch& batch) {
  const auto verdict = verdict_on(from, client, contribution.sequence);
  const Digest id = contribution.id();
  if (!verdict || verdict->id != id) {
    batch.effects.messages.push_back(
        message(from, protocol::Refused{id, "its number already names another contribution of this client", false}));
  } else if (!verdict->refused.empty()) {
    batch.effects.messages.push_back(message(from, protocol::Refused{id, verdict->refused, true}));
  } else {
    batch.accepted.push_back(id);
  }
}

std::optional<Verdict> Core::verdict_on(const ClientId& from, const Client& client, SequenceNumber sequence) const {
  const auto recent = std::ranges::find(client.recent, sequence, &Verdict::sequence);
  if (recent != client.recent.end()) return *recent;
  const auto stored = store_.get(Column::contributions, decision_key(from, sequence));
  if (!stored) return std::nullopt;
  const Decision decision = decode_decision(*stored);
  return Verdict{sequence, decision.id, decision.refused};
}

std::optional<std::string> Core::objection(const ClientId& from, const Contribution& contribution) const {
  if (contribution.client != from) return "a contribution must come from the client that it names";
  if (contribution.topic.subject.empty() || contribution.topic.subject.size() > limits_.subject_bytes)
    return "the subject has " + std::to_string(contribution.topic.subject.size()) + " bytes; 1 to " +
           std::to_string(limits_.subject_bytes) + " are accepted";
  if (contribution.payload.size() > limits_.payload_bytes)
    return "the payload has " + std::to_string(contribution.payload.size()) + " bytes; at most " +
           std::to_string(limits_.payload_bytes) + " are accepted";
  return catalogue_.objection(contribution);
}

void Core::accept(Client& client, const Contribution& contribution, Revision revision, WriteSet& writes) {
  Decision decision;
  decision.id = contribution.id();
  decision.accepted = contribution;
  decision.revision = revision;
  writes.put(Column::contributions, decision_key(contribution.client, contribution.sequence), encode(decision));
  remember(client, {contribution.sequence, decision.id, {}});
  catalogue_.fold(contribution, revision);
}

void Core::record_revision(Revision revision, Bytes accepted, WriteSet& writes) {
  revision_ = revision;
  writes.put(Column::revisions, key_of(number(revision)), std::move(accepted));
  writes.put(Column::meta, revision_name(), key_of(number(revision)));
}

Effects Core::on(const ClientId& from, const protocol::Want& want, Instant now) {
  Effects effects;
  if (Client* client = seen(from, now)) client->replica = want.since;
  effects.messages.push_back(message(from, catalogue_.changes(want.since, revision_, limits_.knowledge_bytes)));
  return effects;
}

Effects Core::on(const ClientId& from, const protocol::WantBlob& want, Instant now) {
  seen(from, now);
  protocol::BlobChunk chunk{want.blob, want.offset, 0, {}};
  if (const auto blob = store_.get(Column::blobs, want.blob.view())) {
    chunk.total = blob->size();
    const std::size_t begin = std::min<std::size_t>(want.offset, blob->size());
    const std::size_t length = std::min<std::size_t>({want.length, limits_.chunk_bytes, blob->size() - begin});
    chunk.content = copy(ByteView(*blob).subspan(begin, length));
  }
  Effects effects;
  effects.messages.push_back(message(from, std::move(chunk)));
  return effects;
}

Effects Core::on(const ClientId& from, const protocol::Heartbeat& heartbeat, Instant now) {
  Client* client = seen(from, now);
  if (client == nullptr) return {};
  client->replica = heartbeat.replica;
  client->outbox = heartbeat.outbox;
  client->announced = revision_;
  Effects effects;
  effects.messages.push_back(message(from, protocol::Announce{self_, revision_, encoder_}));
  return effects;
}

Effects Core::on(const ClientId& from, const protocol::Goodbye&, Instant) {
  if (Client* client = roster_.find(from)) client->last_seen = kNever;
  return {};
}

Effects Core::on(const ClientId& from, const protocol::StatusQuery&, Instant now) {
  Effects effects;
  effects.messages.push_back(message(from, status(now)));
  return effects;
}

Effects Core::tick(Instant now) {
  Effects effects;
  if (now < deadline()) return effects;
  roster_.for_each_connected(now, silence(), [&](const ClientId& id, Client& client) {
    if (client.announced >= revision_ || id == self_) return;
    client.announced = revision_;
    effects.messages.push_back(message(id, protocol::Announce{self_, revision_, encoder_}));
  });
  announced_ = revision_;
  last_announcement_ = now;
  return effects;
}

Instant Core::deadline() const {
  return announced_ == revision_ ? kNever : last_announcement_ + pace_.announce_every;
}

Effects Core::publish(Bytes encoder, const std::vector<BaseKnowledge>& base) {
  const Digest id = Digest::of(encoder);
  if (id == encoder_) return {};
  catalogue_.open_space(id, encoder);
  Client& self = *roster_.find_or_add(self_, roster_.size() + 1);
  self.name = "base knowledge";
  std::vector<Contribution> contributions;
  SequenceNumber sequence = self.highest_decided;
  for (const BaseKnowledge& piece : base) {
    sequence = next(sequence);
    contributions.push_back({self_, sequence, revision_, {piece.kind, id, piece.subject}, piece.payload});
    if (const auto reason = objection(self_, contributions.back()))
      throw InputError("the base knowledge on '" + piece.subject + "' does not fit its encoder: " + *reason);
  }
  Effects effects;
  Bytes accepted;
  const Revision revision = next(revision_);
  for (const Contribution& contribution : contributions) {
    accept(self, contribution, revision, effects.writes);
    append(accepted, decision_key(self_, contribution.sequence));
  }
  effects.writes.put(Column::blobs, copy(id.view()), std::move(encoder));
  effects.writes.put(Column::meta, encoder_name(), copy(id.view()));
  effects.writes.put(Column::clients, copy(self_.view()), encode(ClientRecord{self.name, self.highest_decided}));
  record_revision(revision, std::move(accepted), effects.writes);
  encoder_ = id;
  return effects;
}

protocol::Status Core::status(Instant now) const {
  protocol::Status status{self_, revision_, encoder_, roster_.status(now, silence()), catalogue_.topics()};
  std::erase_if(status.clients, [&](const protocol::ClientStatus& client) { return client.client == self_; });
  return status;
}

}  // namespace outrider::aggregator
