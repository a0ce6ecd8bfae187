// How the core decides on contributions.
#include <algorithm>
#include <utility>

#include "aggregator/core.h"
#include "knowledge/error.h"

namespace outrider::aggregator {
namespace {

// "'bag', 'coat', 'shirt' and 7 more"
std::string some_of(const std::vector<std::string>& subjects) {
  constexpr std::size_t kNamed = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(kNamed, subjects.size()); ++i)
    text += (i == 0 ? "'" : ", '") + subjects[i] + "'";
  if (subjects.size() > kNamed) text += " and " + std::to_string(subjects.size() - kNamed) + " more";
  return text;
}

}  // namespace

// What one Contribute message leads to.
struct Core::Batch {
  Revision revision{};                // of what it adds
  Bytes accepted_keys;                // in the column "contributions"
  std::vector<Digest> accepted;       // what to acknowledge, repeats included
  std::vector<std::string> subjects;  // of what it adds
  Effects effects;
};

Effects Core::on(const ClientId& from, const protocol::Contribute& contribute, Instant now) {
  Client* client = seen(from, now);
  if (client == nullptr || from == self_) return {};  // it has not said hello: it will, when nothing is answered
  Batch batch;
  batch.revision = next(revision_);
  for (const Contribution& contribution : contribute.contributions) decide(from, *client, contribution, batch);
  if (!batch.subjects.empty())
    batch.effects.notices.push_back("revision " + std::to_string(number(batch.revision)) + ": " + client->title(from) +
                                    " taught " + some_of(batch.subjects));
  if (!batch.accepted_keys.empty())
    record_revision(batch.revision, std::move(batch.accepted_keys), batch.effects.writes);
  if (!batch.effects.writes.empty())
    batch.effects.writes.put(Column::clients, to_bytes(from.view()), encode(client->record()));
  if (!batch.accepted.empty())
    batch.effects.messages.push_back({from, protocol::Accepted{std::move(batch.accepted), revision_}});
  return std::move(batch.effects);
}

void Core::decide(const ClientId& from, Client& client, const Contribution& contribution, Batch& batch) {
  const SequenceNumber sequence = contribution.sequence;
  if (sequence <= client.highest_decided) return repeat_verdict(from, client, contribution, batch);
  if (sequence != next(client.highest_decided)) {  // one before it is on its way or lost; it will be sent again
    batch.effects.messages.push_back(
        {from, protocol::Refused{contribution.id(),
                                 "contribution " + std::to_string(number(next(client.highest_decided))) +
                                     " of this client must come first",
                                 false}});
    return;
  }
  if (auto reason = objection(from, contribution)) {
    Decision decision;
    decision.id = contribution.id();
    decision.refused = *reason;
    batch.effects.writes.put(Column::contributions, decision_key(from, sequence), encode(decision));
    remember(client, {sequence, decision.id, *reason});
    batch.effects.notices.push_back("refused what " + client.title(from) + " taught on '" + contribution.topic.subject +
                                    "': " + *reason);
    batch.effects.messages.push_back({from, protocol::Refused{decision.id, std::move(*reason), true}});
    return;
  }
  accept(client, contribution, batch.revision, batch.effects.writes);
  std::ranges::copy(decision_key(from, sequence), std::back_inserter(batch.accepted_keys));
  batch.subjects.push_back(contribution.topic.subject);
  batch.accepted.push_back(client.recent.back().id);
}

void Core::repeat_verdict(const ClientId& from, const Client& client, const Contribution& contribution, Batch& batch) {
  const auto verdict = verdict_on(from, client, contribution.sequence);
  const Digest id = contribution.id();
  if (!verdict || verdict->id != id) {
    batch.effects.messages.push_back(
        {from, protocol::Refused{id, "its number already names another contribution of this client", false}});
  } else if (!verdict->refused.empty()) {
    batch.effects.messages.push_back({from, protocol::Refused{id, verdict->refused, true}});
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
  if (contribution.topic.subject.front() == kOwnSubject && from != self_)
    return "the subject '" + contribution.topic.subject + "' is the aggregator's own";
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

}  // namespace outrider::aggregator
