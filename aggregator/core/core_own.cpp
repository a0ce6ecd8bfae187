// What the core contributes in its own name, and how revisions are numbered.
#include <algorithm>
#include <utility>

#include "aggregator/core/core.h"
#include "aggregator/core/meta_names.h"
#include "knowledge/error.h"
#include "knowledge/invariant.h"
#include "knowledge/utf8.h"
#include "protocol/limits.h"

namespace outrider::aggregator {

void Core::begin_next_if_full(Taken& taken, const Contribution& contribution, WriteSet& writes) {
  constexpr std::size_t kKeyBytes = ClientId::kSize + sizeof(std::uint64_t);
  invariant(taken.revision > revision_, "what is accepted goes into a revision that is not closed yet");
  const std::size_t size = contribution.payload.size() + contribution.topic.subject.size();
  if (!taken.keys.empty() &&
      (taken.bytes + size > limits_.revision_bytes || taken.keys.size() / kKeyBytes >= limits_.revision_entries)) {
    record_revision(taken, writes);
    taken = {next(taken.revision), {}, 0};
  }
  taken.bytes += size;
}

void Core::record_revision(const Taken& taken, WriteSet& writes) {
  invariant(taken.revision == next(revision_), "revisions are numbered without gaps");
  revision_ = taken.revision;
  writes.put(Column::revisions, key_of(number(revision_)), taken.keys);
  writes.put(Column::meta, revision_name(), key_of(number(revision_)));
}

Effects Core::publish(Bytes definition, const std::vector<BaseKnowledge>& base) {
  const Digest id = Digest::of(definition);
  if (id == definition_) return {};
  catalogue_.open_space(id, definition);
  std::vector<OwnContribution> own_contributions;
  for (const BaseKnowledge& piece : base)
    own_contributions.push_back({{piece.kind, id, piece.subject}, piece.payload, {}});
  std::vector<Spoken> spoken;
  for (Contribution& contribution : in_own_name(std::move(own_contributions))) {
    Admission admission = admit(self_, contribution);
    if (admission.objection)
      throw InputError("the base knowledge on " + utf8::quoted(contribution.topic.subject) +
                       " does not fit its definition: " + *admission.objection);
    spoken.push_back({std::move(contribution), std::move(admission.decoded)});
  }
  Effects effects;
  say(spoken, effects.writes);
  effects.writes.put(Column::blobs, to_bytes(id.view()), std::move(definition));
  effects.writes.put(Column::meta, definition_name(), to_bytes(id.view()));
  invariant(!id.empty(), "what clients learn with has a name");
  definition_ = id;
  return effects;
}

Effects Core::merge_by_rules() {
  Effects effects;
  for (const auto& [kind, rules] : catalogue_.rules()) {
    auto known = store_.get(Column::meta, rules_name(kind));
    if (!known) known = store_.get(Column::meta, rules_name(kOnceRuled));
    if (known && text_of(ByteView(*known).subspan(sizeof(std::uint64_t))) == rules) continue;
    if (catalogue_.has_any(kind)) {
      record_revision({next(revision_), {}, 0}, effects.writes);
      invariant(catalogue_.newest() < revision_, "other rules change what was known before");
      catalogue_.touch(kind, revision_);
    }
    Bytes record = key_of(number(revision_));
    std::ranges::copy(bytes_of(rules), std::back_inserter(record));
    effects.writes.put(Column::meta, rules_name(kind), std::move(record));
  }
  return effects;
}

Client& Core::own() {
  Client& self = roster_.own(self_);
  self.name = "base knowledge";
  return self;
}

std::vector<Contribution> Core::in_own_name(std::vector<OwnContribution> own_contributions) {
  std::vector<Contribution> contributions;
  SequenceNumber sequence = own().highest_decided;
  for (OwnContribution& own_contribution : own_contributions) {
    sequence = next(sequence);
    contributions.push_back(
        {self_, sequence, revision_, std::move(own_contribution.topic), std::move(own_contribution.payload)});
  }
  return contributions;
}

void Core::say(std::span<Spoken> spoken, WriteSet& writes) {
  Client& self = own();
  for (const auto& [contribution, said] : spoken)
    invariant(contribution.client == self_ && !protocol::topic_objection(contribution.topic),
              "what the aggregator itself contributes can be sent");
  Taken taken{next(revision_), {}, 0};
  for (auto& [contribution, said] : spoken)
    accept(self, contribution, contribution.id(), taken, writes, std::move(said));
  catalogue_.forget_withdrawn();
  writes.put(Column::clients, to_bytes(self_.view()), encode(self.record()));
  record_revision(taken, writes);
}

Effects Core::step(Instant now) {
  Effects effects;
  if (definition_.empty()) return effects;
  const Present present = [&] {
    std::vector<PresentClient> clients;
    roster_.for_each_connected(now, silence(), [&](const ClientId& id, const Client& client) {
      if (id != self_) clients.push_back({id, client.capacity});
    });
    return clients;
  };
  for (;;) {
    std::vector<OwnContribution> own_contributions = catalogue_.step(definition_, present, now);
    for (OwnContribution& own_contribution : own_contributions)
      if (!own_contribution.notice.empty()) effects.notices.push_back(std::move(own_contribution.notice));
    std::erase_if(own_contributions, [&](const OwnContribution& own_contribution) {
      const auto reason =
          own_contribution.topic.kind.empty() ? std::nullopt : protocol::topic_objection(own_contribution.topic);
      if (reason)
        effects.notices.push_back("a family has something to say that cannot be sent: its subject " + *reason);
      return own_contribution.topic.kind.empty() || reason;
    });
    if (own_contributions.empty()) return effects;
    std::vector<Spoken> spoken;
    for (Contribution& contribution : in_own_name(std::move(own_contributions)))
      spoken.push_back({std::move(contribution), nullptr});
    say(spoken, effects.writes);
  }
}

}  // namespace outrider::aggregator
