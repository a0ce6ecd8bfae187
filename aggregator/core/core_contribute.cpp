// How the core decides on contributions.
#include <algorithm>
#include <utility>

#include "aggregator/core/core.h"
#include "knowledge/error.h"
#include "knowledge/invariant.h"
#include "knowledge/utf8.h"
#include "protocol/limits.h"

namespace outrider::aggregator {
namespace {

std::string revisions(Revision first, Revision last) {
  if (first == last) return "revision " + std::to_string(number(first));
  return "revisions " + std::to_string(number(first)) + " to " + std::to_string(number(last));
}

// "'bag', 'coat', 'shirt' and 7 more"
std::string some_of(const std::vector<std::string>& subjects) {
  constexpr std::size_t kNamed = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(kNamed, subjects.size()); ++i) text += (i == 0 ? "" : ", ") + subjects[i];
  if (subjects.size() > kNamed) text += " and " + std::to_string(subjects.size() - kNamed) + " more";
  return text;
}

}  // namespace

// What one Contribute message leads to.
struct Core::Batch {
  Taken taken;
  Revision first{};                   // revision of what it adds
  SequenceNumber decided_before{};    // of the client
  std::vector<Digest> accepted;       // what to acknowledge, repeats included
  std::vector<std::string> subjects;  // of what it adds
  Effects effects;

  Batch(Revision now, const Client& client)
      : taken{next(now), {}, 0}, first(next(now)), decided_before(client.highest_decided) {}

  void took(const Digest& id, const std::string& description) {
    subjects.push_back(description);
    accepted.push_back(id);
  }
};

Effects Core::on(const ClientId& from, const protocol::Contribute& contribute, Instant now) {
  Client* client = seen(from, now);
  if (client == nullptr) return {};  // it has not said hello: it will, when nothing is answered
  Batch batch(revision_, *client);
  for (const Contribution& contribution : contribute.contributions) decide(from, *client, contribution, batch);
  return finish(from, *client, std::move(batch));
}

Effects Core::finish(const ClientId& from, const Client& client, Batch&& batch) {
  if (!batch.subjects.empty())
    batch.effects.notices.push_back(revisions(batch.first, batch.taken.revision) + ": " + client.title(from) +
                                    " taught " + some_of(batch.subjects));
  if (!batch.taken.keys.empty()) record_revision(batch.taken, batch.effects.writes);
  catalogue_.forget_withdrawn();
  if (!batch.effects.writes.empty() || client.highest_decided != batch.decided_before)
    batch.effects.writes.put(Column::clients, to_bytes(from.view()), encode(client.record()));
  invariant(client.highest_decided >= batch.decided_before, "what is decided stays decided");
  if (!batch.accepted.empty())
    batch.effects.messages.push_back({from, protocol::Accepted{std::move(batch.accepted), revision_}});
  return std::move(batch.effects);
}

bool Core::is_next(const ClientId& from, const Client& client, SequenceNumber sequence, const Digest& id,
                   bool withdraws, Batch& batch) {
  if (sequence == next(client.highest_decided)) return true;
  if (sequence <= client.highest_decided) {
    repeat_verdict(from, client, sequence, id, withdraws, batch);
  } else {  // one before it is on its way or lost; it will be sent again
    batch.effects.messages.push_back(
        {from, protocol::Refused{id,
                                 "contribution " + std::to_string(number(next(client.highest_decided))) +
                                     " of this client must come first",
                                 false}});
  }
  return false;
}

void Core::decide(const ClientId& from, Client& client, const Contribution& contribution, Batch& batch) {
  const Digest id = contribution.id();
  if (!is_next(from, client, contribution.sequence, id, contribution.withdraws(), batch)) return;
  Admission admission = admit(from, contribution);
  if (admission.objection) return refuse(from, client, contribution, id, *admission.objection, batch);
  if (withdraws_nothing(contribution)) {
    roster_.decided(from, client, contribution.sequence, true);
    batch.accepted.push_back(id);
    return;
  }
  accept(client, contribution, id, batch.taken, batch.effects.writes, std::move(admission.decoded));
  batch.took(id, catalogue_.describe(contribution));
}

void Core::refuse(const ClientId& from, Client& client, const Contribution& header, const Digest& id,
                  const std::string& objection, Batch& batch) {
  invariant(header.sequence == next(client.highest_decided), "a client's contributions are decided without gaps");
  const std::string reason = protocol::sendable_text(objection);  // it may quote what others wrote
  Decision decision;
  decision.id = id;
  decision.refused = reason;
  batch.effects.writes.put(Column::contributions, decision_key(from, header.sequence), encode(decision));
  history_.refused(from, header.sequence);
  roster_.decided(from, client, header.sequence, false);
  verdicts_.remember(from, {header.sequence, id, reason});
  batch.effects.notices.push_back("refused what " + client.title(from) + " taught on " +
                                  utf8::quoted(header.topic.subject) + ": " + reason);
  batch.effects.messages.push_back({from, protocol::Refused{id, reason, true}});
}

void Core::repeat_verdict(const ClientId& from, const Client& client, SequenceNumber sequence, const Digest& id,
                          bool withdraws, Batch& batch) {
  const auto verdict = verdict_on(from, sequence);
  // A withdrawal of what had never been said was accepted, and not written down.
  const bool is_unwritten = !verdict && withdraws && !client.has_gone();
  if (is_unwritten || (verdict && verdict->id == id && verdict->refused.empty())) {
    batch.accepted.push_back(id);
  } else if (!verdict && client.has_gone()) {
    // Nothing is merged from it if it was that one; and its client numbers it anew, with all that it said after it.
    batch.effects.messages.push_back(
        {from, protocol::Refused{id,
                                 "contribution " + std::to_string(number(sequence)) +
                                     " of this client was decided long ago, and how is no longer on record; it must "
                                     "come again as the next, " +
                                     std::to_string(number(next(client.highest_decided))),
                                 false}});
  } else if (!verdict || verdict->id != id) {
    batch.effects.messages.push_back(
        {from, protocol::Refused{id, "its number already names another contribution of this client", false}});
  } else {
    batch.effects.messages.push_back({from, protocol::Refused{id, protocol::sendable_text(verdict->refused), true}});
  }
}

Effects Core::on(const ClientId& from, const protocol::Offer& offer, Instant now) {
  Client* client = seen(from, now);
  if (client == nullptr) return {};
  Batch batch(revision_, *client);
  const Contribution& header = offer.header;
  if (!is_next(from, *client, header.sequence, offer.contribution, false, batch))
    return finish(from, *client, std::move(batch));
  auto reason = early_objection(from, header, offer.bytes);
  if (!reason) reason = catalogue_.early_objection(header.topic, offer.bytes);
  if (!reason && (offer.bytes == 0 || !header.payload.empty()))
    reason = "what is offered must have a payload, and that must come in parts";
  if (reason) {
    refuse(from, *client, header, offer.contribution, *reason, batch);
    return finish(from, *client, std::move(batch));
  }
  const Uploads::Upload* upload = uploads_.offered(from, offer, now, batch.effects.writes);
  if (upload == nullptr) {  // no room: the client offers it again, and less and less often
    batch.effects.messages.push_back({from, protocol::Held{offer.contribution, 0, 0, 0, offer.attempt, true, false}});
    return std::move(batch.effects);
  }
  // A client offers again when it has heard that all is held, and that it hears when all is durable.
  std::optional<Bytes> payload;
  if (upload->is_complete()) payload = load(store_, upload->large);
  if (!payload) {
    batch.effects.messages.push_back({from, uploads_.held(*upload, offer)});
    return std::move(batch.effects);
  }
  decide_uploaded(from, *client, *upload, *std::move(payload), batch);
  return finish(from, *client, std::move(batch));
}

void Core::decide_uploaded(const ClientId& from, Client& client, const Uploads::Upload& upload, Bytes payload,
                           Batch& batch) {
  Contribution contribution = upload.header;
  const Digest id = upload.id;
  contribution.payload = std::move(payload);
  Admission admission{"the payload that came in parts is not the one that was offered", {}};
  if (contribution.id() == id) admission = admit(from, contribution);
  if (admission.objection) {
    uploads_.drop(from, batch.effects.writes);
    return refuse(from, client, contribution, id, *admission.objection, batch);
  }
  invariant(upload.is_complete() && upload.large.bytes == contribution.payload.size(), "only what is whole is decided");
  accept(client, contribution, id, batch.taken, batch.effects.writes, std::move(admission.decoded), upload.large);
  uploads_.release(from, batch.effects.writes);
  batch.took(id, catalogue_.describe(contribution));
}

Effects Core::on(const ClientId& from, const protocol::PayloadPart& part, Instant now) {
  Effects effects;
  if (seen(from, now) == nullptr) return effects;
  // Parts of nothing that is known are not answered: its client will offer it again.
  if (const auto held = uploads_.take(from, part, now, effects.writes)) effects.messages.push_back({from, *held});
  return effects;
}

std::optional<Verdict> Core::verdict_on(const ClientId& from, SequenceNumber sequence) const {
  if (const Verdict* recent = verdicts_.find(from, sequence)) return *recent;
  const auto stored = store_.get(Column::contributions, decision_key(from, sequence));
  if (!stored) return std::nullopt;
  const Decision decision = decode_decision(*stored);
  return Verdict{sequence, decision.id, decision.refused};
}

std::optional<std::string> Core::early_objection(const ClientId& from, const Contribution& header,
                                                 std::uint64_t bytes) const {
  if (header.client != from) return "a contribution must come from the client that it names";
  if (header.topic.subject.empty() || header.topic.subject.size() > limits_.subject_bytes)
    return "the subject has " + std::to_string(header.topic.subject.size()) + " bytes; 1 to " +
           std::to_string(limits_.subject_bytes) + " are accepted";
  if (auto reason = protocol::topic_objection(header.topic)) return "the subject " + *reason;
  if (header.topic.subject.front() == kOwnSubject && from != self_)
    return "the subject " + utf8::quoted(header.topic.subject) + " is the aggregator's own";
  if (bytes > limits_.payload_bytes)
    return "the payload has " + std::to_string(bytes) + " bytes; at most " + std::to_string(limits_.payload_bytes) +
           " are accepted";
  return std::nullopt;
}

Admission Core::admit(const ClientId& from, const Contribution& contribution) const {
  Admission admission{early_objection(from, contribution, contribution.payload.size()), {}};
  if (!admission.objection) admission = catalogue_.admit(contribution);
  if (!admission.objection && !contribution.withdraws() && from != self_)
    admission.objection = catalogue_.no_room(from, contribution.topic);
  return admission;
}

void Core::accept(Client& client, const Contribution& contribution, const Digest& id, Taken& taken, WriteSet& writes,
                  std::unique_ptr<Decoded> said, const std::optional<Large>& there) {
  invariant(contribution.sequence == next(client.highest_decided), "a client's contributions are decided without gaps");
  invariant(!protocol::topic_objection(contribution.topic), "what is accepted can be sent");
  begin_next_if_full(taken, contribution, writes);
  std::ranges::copy(decision_key(contribution.client, contribution.sequence), std::back_inserter(taken.keys));
  Decision decision;
  decision.id = id;
  decision.revision = taken.revision;
  decision.large = there;
  if (!there && contribution.payload.size() > limits_.inline_bytes) {
    decision.large =
        Large{PartsOwner::contribution, decision.id, contribution.payload.size(), limits_.uploads.part_bytes};
    put_parts(*decision.large, contribution.payload, writes);
  }
  decision.accepted = decision.large ? header_of(contribution) : contribution;
  history_.accepted(decision);
  writes.put(Column::contributions, decision_key(contribution.client, contribution.sequence), encode(decision));
  roster_.decided(contribution.client, client, contribution.sequence, true);
  verdicts_.remember(contribution.client, {contribution.sequence, decision.id, {}});
  catalogue_.fold(contribution, taken.revision, std::move(said));
  invariant(client.highest_decided == contribution.sequence, "what is accepted is decided");
}

}  // namespace outrider::aggregator
