// How the core comes back from what the store holds.
#include <utility>

#include "aggregator/core/core.h"
#include "aggregator/core/meta_names.h"
#include "knowledge/error.h"
#include "knowledge/utf8.h"
#include "protocol/limits.h"

namespace outrider::aggregator {

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
  if (const auto definition = store_.get(Column::meta, definition_name()))
    definition_ = Digest::from_bytes(*definition);
  store_.scan(Column::meta, bytes_of(kRules), [&](ByteView key, ByteView record) {
    const std::string kind(text_of(key.subspan(kRules.size())));
    const Revision since{number_in_key(record)};
    for (const auto& [ruled, rules] : catalogue_.rules())
      if (kind == ruled || kind == kOnceRuled) catalogue_.touch(ruled, since);
  });
  // Programs of before noted what they took back of topics that had been withdrawn under a revision that they did not
  // make.
  revision_ = std::max(revision_, catalogue_.newest());
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

}  // namespace outrider::aggregator
