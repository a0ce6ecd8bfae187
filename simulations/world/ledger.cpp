#include "simulations/world/ledger.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "aggregator/core/catalogue.h"
#include "aggregator/core/decision.h"
#include "knowledge/utf8.h"

namespace outrider::simulations {
namespace {

std::string describe(const ClientId& client, SequenceNumber sequence) {
  return fmt::format("contribution {} of client {}", number(sequence), client.brief());
}

}  // namespace

Ledger::Ledger(Watch watch, Families families, aggregator::HistoryLimits history, std::uint64_t most_payload_bytes)
    : watch_(watch), families_(std::move(families)), history_(history), most_payload_bytes_(most_payload_bytes) {
  begin();
}

void Ledger::begin() {
  if (!keeps_promises()) return;
  merged_ = std::make_unique<aggregator::Catalogue>(families_());
  promises_ = all_promises();
  for (const auto& [topic, payload] : given_)
    for (const auto& promise : promises_) promise->given(topic, payload);
}

void Ledger::given(const Topic& topic, const Bytes& payload) {
  if (!keeps_promises()) return;
  given_.emplace_back(topic, payload);
  for (const auto& promise : promises_) promise->given(topic, payload);
}

void Ledger::received(const Contribution& contribution) {
  if (contribution.withdraws() || keeps_promises()) doubt(contribution.id(), contribution);
}

void Ledger::doubt(const Digest& id, const Contribution& contribution) {
  if (contribution.withdraws()) withdrawals_.try_emplace(id, contribution.sequence);
  if (keeps_promises()) in_doubt_.try_emplace(id, contribution);
}

void Ledger::received(const protocol::Offer& offer) {
  if (!keeps_promises() || offer.bytes > most_payload_bytes_ || in_doubt_.contains(offer.contribution)) return;
  const auto [place, is_new] = arriving_.try_emplace(offer.contribution);
  if (!is_new) return;
  place->second.contribution = offer.header;
  place->second.contribution.payload.resize(offer.bytes);
  place->second.missing = offer.bytes;
}

void Ledger::received(const protocol::PayloadPart& part) {
  const auto found = arriving_.find(part.contribution);
  if (found == arriving_.end()) return;
  Arriving& arriving = found->second;
  Bytes& payload = arriving.contribution.payload;
  if (part.offset > payload.size() || part.content.size() > payload.size() - part.offset) return;
  if (!arriving.parts.try_emplace(part.offset, part.content.size()).second) return;
  std::ranges::copy(part.content, payload.begin() + static_cast<std::ptrdiff_t>(part.offset));
  arriving.missing -= std::min<std::uint64_t>(arriving.missing, part.content.size());
  if (arriving.missing > 0) return;
  if (arriving.contribution.id() == part.contribution) doubt(part.contribution, arriving.contribution);
  arriving_.erase(found);
}

void Ledger::require_held(const ClientId& client, const protocol::Held& held, const Store& disk) const {
  const aggregator::Uploads uploads(disk, {});
  const aggregator::Uploads::Upload* upload = uploads.find(client);
  if (upload == nullptr || upload->id != held.contribution) return;  // it has been decided or given up with the rest
  Large there = upload->large;
  there.bytes = held.bytes;
  if (upload->held < held.bytes || !load(disk, there))
    throw Violation(fmt::format("{} bytes of contribution {} of client {} are said to be held but are not durable",
                                held.bytes, held.contribution.brief(), client.brief()));
}

void Ledger::answered(const std::vector<protocol::Message>& messages, const Store& disk) {
  for (const protocol::Message& message : messages) {
    if (const auto* held = std::get_if<protocol::Held>(&message.body); held != nullptr && watch_ == Watch::full)
      require_held(message.client, *held, disk);
    const auto* refused = std::get_if<protocol::Refused>(&message.body);
    if (refused != nullptr && refused->permanent) in_doubt_.erase(refused->contribution);
    const auto* accepted = std::get_if<protocol::Accepted>(&message.body);
    if (accepted == nullptr) continue;
    std::map<Digest, SequenceNumber> there;  // the client's decisions on disk, by id
    Ids& known = acknowledged_[message.client];
    for (const Digest& id : accepted->contributions) {
      const auto repeated = std::ranges::find(known, id, &Ids::value_type::second);
      if (repeated != known.end()) continue;
      if (there.empty())
        disk.scan(Column::contributions, message.client.view(), [&](ByteView key, ByteView value) {
          there.emplace(aggregator::decode_decision(value).id, SequenceNumber{number_in_key(key, ClientId::kSize)});
        });
      const auto found = there.find(id);
      if (found == there.end() && is_withdrawal_on_disk(message.client, id, disk)) continue;
      if (found == there.end())
        throw Violation(fmt::format("contribution {} of client {} is acknowledged but not durable", id.brief(),
                                    message.client.brief()));
      const auto [place, is_new] = known.emplace(found->second, id);
      if (!is_new)
        throw Violation(describe(message.client, found->second) + " is acknowledged with two different contents");
      ++accepted_;
      if (const auto content = in_doubt_.find(id); content != in_doubt_.end()) {
        accept(content->second);
        in_doubt_.erase(content);
      }
    }
  }
}

bool Ledger::is_withdrawal_on_disk(const ClientId& client, const Digest& id, const Store& disk) const {
  const auto withdrawal = withdrawals_.find(id);
  if (withdrawal == withdrawals_.end()) return false;
  const auto record = disk.get(Column::clients, client.view());
  return record && aggregator::decode_client_record(*record).highest_decided >= withdrawal->second;
}

void Ledger::accept(const Contribution& contribution) {
  auto& of_topic = latest_[contribution.topic];
  const auto [place, is_new] = of_topic.try_emplace(contribution.client);
  if (!is_new && place->second.sequence >= contribution.sequence) return;
  place->second = {contribution.sequence, contribution.withdraws(), std::nullopt};
  if (watch_ == Watch::full) place->second.contribution = contribution;
  contributions_ += is_new ? 1 : 0;
  merged_->fold(contribution, contribution.learned_against);
  told_.insert(contribution.topic);
  for (const auto& promise : promises_) promise->accepted(contribution);
}

void Ledger::said_itself(const ClientId& self, const WriteSet& writes, const Store& disk) {
  self_ = self;
  for (const WriteSet::Operation& operation : writes.operations) {
    if (operation.column != Column::contributions || !operation.value) continue;
    if (ClientId::from_bytes(ByteView(operation.key).first(ClientId::kSize)) != self) continue;
    const aggregator::Decision decision = aggregator::decode_decision(*operation.value);
    if (!decision.is_accepted() || decision.dropped) continue;
    const SequenceNumber sequence{number_in_key(operation.key, ClientId::kSize)};
    if (!acknowledged_[self].emplace(sequence, decision.id).second) continue;
    if (keeps_promises()) accept(aggregator::whole(decision, disk));
    ++accepted_;
  }
}

void Ledger::check(const aggregator::Core& core) {
  if (core.revision() < revision_)
    throw Violation(
        fmt::format("the aggregator's revision went from {} back to {}", number(revision_), number(core.revision())));
  revision_ = core.revision();
  if (!keeps_promises() || revision_ == checked_) return;
  check_changed(core);
  if (contributions_ <= kWatchedWhole || ++changes_ >= contributions_ / 4) {
    check_all(core);
    changes_ = 0;
  }
  checked_ = revision_;
}

void Ledger::check_changed(const aggregator::Core& core) {
  const std::vector<protocol::KnowledgeEntry> changed = core.knowledge_since(checked_).entries;
  for (const auto& promise : promises_) promise->check(changed);
  for (const protocol::KnowledgeEntry& entry : changed) {
    told_.erase(entry.topic);
    if (merged_->whole_entry(entry.topic).payload != entry.payload)
      throw Violation(fmt::format("what is known of {} in revision {} is not what its contributions merge to",
                                  utf8::quoted(entry.topic.subject), number(revision_)));
  }
  for (const Topic& topic : std::exchange(told_, {}))
    if (!merged_->whole_entry(topic).payload.empty())
      throw Violation(fmt::format("what was accepted on {} is not in what has changed up to revision {}",
                                  utf8::quoted(topic.subject), number(revision_)));
}

void Ledger::check_all(const aggregator::Core& core) const {
  if (watch_ != Watch::full) return;
  if (core.knowledge_digest() != expected())
    throw Violation(fmt::format("the knowledge of revision {} is not what its {} contributions merge to",
                                number(revision_), accepted_));
}

void Ledger::restarted(const aggregator::Core& core, const Store& disk) {
  adopt(disk, false);
  checked_ = Revision{};
  check(core);
  check_all(core);
}

void Ledger::published(const aggregator::Core& core, const Store& disk) {
  disk.scan(Column::blobs, {}, [&](ByteView key, ByteView content) { open_space(Digest::from_bytes(key), content); });
  adopt(disk, true);
  check(core);
}

void Ledger::forget() {
  acknowledged_.clear();
  latest_.clear();
  self_.reset();
  accepted_ = 0;
  revision_ = checked_ = Revision{};
  spaces_.clear();
  told_.clear();
  contributions_ = 0;
  begin();
}

void Ledger::open_space(const Digest& space, ByteView definition) {
  if (!spaces_.try_emplace(space, to_bytes(definition)).second || !keeps_promises()) return;
  merged_->open_space(space, definition);
  for (const auto& promise : promises_) promise->open_space(space, definition);
}

// A commit may have become durable without anybody's having learned of it: that is no mistake, if it came in.
void Ledger::adopt(const Store& disk, bool trusted) {
  std::map<ClientId, Ids> there;
  std::map<std::pair<ClientId, Topic>, SequenceNumber> lost;  // dropped, and the last so far on its topic
  disk.scan(Column::contributions, {}, [&](ByteView key, ByteView value) {
    const ClientId client = ClientId::from_bytes(key.first(ClientId::kSize));
    const SequenceNumber sequence{number_in_key(key, ClientId::kSize)};
    const aggregator::Decision decision = aggregator::decode_decision(value);
    if (!decision.is_accepted()) return;
    there[client].emplace(sequence, decision.id);
    if (decision.dropped)
      lost[{client, decision.accepted->topic}] = sequence;
    else
      lost.erase({client, decision.accepted->topic});
    if (acknowledged_[client].contains(sequence)) return;
    if (keeps_promises()) {
      const auto content = in_doubt_.find(decision.id);
      if (!trusted && client != self_ && content == in_doubt_.end())
        throw Violation(describe(client, sequence) + " is on disk but never came in");
      if (!decision.dropped) accept(aggregator::whole(decision, disk));
      if (content != in_doubt_.end()) in_doubt_.erase(content);
    }
    acknowledged_[client].emplace(sequence, decision.id);
    ++accepted_;
  });
  for (const auto& [of, sequence] : lost)
    throw Violation(describe(of.first, sequence) + " has lost its payload though nothing has replaced it");
  require_acknowledged(there);
}

void Ledger::require_acknowledged(const std::map<ClientId, Ids>& there) const {
  const auto merged = current();
  std::size_t kept = 0;  // records of which nothing is merged
  for (const auto& [client, ids] : there)
    for (const auto& [sequence, id] : ids) kept += merged.contains({client, sequence}) ? 0 : 1;
  // Without the contents nobody knows what has been replaced: then nothing may go.
  const bool may_go = keeps_promises() && kept >= history_.records;
  for (const auto& [client, known] : acknowledged_)
    for (const auto& [sequence, id] : known) {
      const auto ids = there.find(client);
      if (ids != there.end() && ids->second.contains(sequence) && ids->second.at(sequence) == id) continue;
      if (may_go && !merged.contains({client, sequence})) continue;
      throw Violation(describe(client, sequence) + " was acknowledged and is not on disk after a restart");
    }
}

std::set<std::pair<ClientId, SequenceNumber>> Ledger::current() const {
  std::set<std::pair<ClientId, SequenceNumber>> merged;
  for (const auto& [topic, of_topic] : latest_)
    for (const auto& [client, latest] : of_topic)
      if (!latest.withdraws) merged.emplace(client, latest.sequence);
  return merged;
}

Digest Ledger::expected() const {
  aggregator::Catalogue fresh(families_());
  for (const auto& [space, definition] : spaces_) fresh.open_space(space, definition);
  for (const auto& [topic, of_topic] : latest_)
    for (const auto& [client, latest] : of_topic)
      if (!latest.withdraws) fresh.fold(*latest.contribution, latest.contribution->learned_against);
  return fresh.digest();
}

std::optional<Digest> Ledger::latest(const ClientId& client, const Topic& topic) const {
  const auto of_topic = latest_.find(topic);
  if (of_topic == latest_.end()) return std::nullopt;
  const auto found = of_topic->second.find(client);
  if (found == of_topic->second.end() || !found->second.contribution) return std::nullopt;
  return Digest::of(found->second.contribution->payload);
}

}  // namespace outrider::simulations
