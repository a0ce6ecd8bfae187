#include "simulations/world/bounds.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "aggregator/core/decision.h"
#include "protocol/codec.h"
#include "protocol/limits.h"
#include "simulations/world/ledger.h"

namespace outrider::simulations {
namespace {

void require_at_most(std::string_view what, std::uint64_t size, std::uint64_t most, std::string_view limit) {
  if (size > most) throw Violation(fmt::format("{}: {}; {} allows {}", what, size, limit, most));
}

bool touches(const WriteSet& writes, Column column) {
  return std::ranges::find(writes.operations, column, &WriteSet::Operation::column) != writes.operations.end();
}

}  // namespace

std::uint64_t Bounds::most_waiting(const Heard& heard) const {
  constexpr std::uint64_t kFrame = 4096;        // around what a message holds
  constexpr std::uint64_t kStatusEntry = 2048;  // with all its texts
  constexpr std::uint64_t kVerdict = 2048;      // with its sentence
  const std::uint64_t answer =
      kFrame + std::max<std::uint64_t>({limits_.knowledge_bytes + limits_.inline_bytes, limits_.chunk_bytes,
                                        2 * kStatusEntry * limits_.status_entries});
  // Beside the answers, an announcement to everybody.
  return (heard.messages + 1) * answer + heard.contributions * kVerdict;
}

void Bounds::check(const aggregator::Effects& effects, const std::map<ClientId, Heard>& heard, const Store& disk,
                   bool nothing_is_due) {
  std::map<ClientId, std::uint64_t> waiting;
  for (const protocol::Message& message : effects.messages) {
    check_message(message);
    waiting[message.client] += protocol::encode(message).size();
  }
  for (const auto& [peer, bytes] : waiting) {
    const auto said = heard.find(peer);
    require_at_most("bytes of one event wait for client " + peer.brief(), bytes,
                    most_waiting(said == heard.end() ? Heard{} : said->second), "what it has asked for");
  }
  if (!std::exchange(read_, true))
    read(disk);
  else
    take(effects.writes);
  if (touches(effects.writes, Column::clients)) check_roster();
  if (touches(effects.writes, Column::meta)) check_uploads(disk);
  if (nothing_is_due && !has_grown_.empty()) check_history(disk);
}

void Bounds::read(const Store& disk) {
  clients_.clear();
  newcomers_ = 0;
  history_.clear();
  superseded_ = {};
  disk.scan(Column::clients, {},
            [&](ByteView key, ByteView record) { note_client(ClientId::from_bytes(key), to_bytes(record)); });
  disk.scan(Column::contributions, {},
            [&](ByteView key, ByteView) { has_grown_.insert(ClientId::from_bytes(key.first(ClientId::kSize))); });
}

void Bounds::take(const WriteSet& writes) {
  for (const auto& [column, key, value] : writes.operations) {
    if (column == Column::clients) note_client(ClientId::from_bytes(key), value);
    if (column == Column::contributions) has_grown_.insert(ClientId::from_bytes(ByteView(key).first(ClientId::kSize)));
  }
}

void Bounds::note_client(const ClientId& client, const std::optional<Bytes>& record) {
  const auto known = clients_.find(client);
  if (known != clients_.end()) {
    newcomers_ -= known->second ? 1 : 0;
    clients_.erase(known);
  }
  if (!record) return;
  const bool newcomer = aggregator::decode_client_record(*record).highest_decided == SequenceNumber{};
  clients_.emplace(client, newcomer);
  newcomers_ += newcomer ? 1 : 0;
}

void Bounds::check_catalogue(const protocol::Status& status) const {
  require_at_most("topics that somebody contributes to", status.all_topics, limits_.catalogue.topics,
                  "limits.catalogue.topics");
  require_at_most("clients in the status", status.all_clients, limits_.roster.clients, "limits.roster.clients");
}

void Bounds::check_message(const protocol::Message& message) const {
  if (const auto* knowledge = std::get_if<protocol::Knowledge>(&message.body)) {
    std::uint64_t bytes = 0;
    for (const protocol::KnowledgeEntry& entry : knowledge->entries) bytes += protocol::most_wire_bytes(entry);
    require_at_most("bytes of a page of knowledge", bytes, protocol::kMaxKnowledgeBytes, "kMaxKnowledgeBytes");
    if (knowledge->entries.size() < 2) return;  // one entry is a page, whatever it takes
    const bool one_revision = number(knowledge->through) <= number(knowledge->since) + 1;
    if (one_revision && knowledge->up_to == Topic{}) return;  // for who takes whole revisions only
    require_at_most("entries of a page of knowledge", knowledge->entries.size(), limits_.knowledge_entries,
                    "limits.knowledge_entries");
    require_at_most("bytes of a page of knowledge", bytes, limits_.knowledge_bytes, "limits.knowledge_bytes");
  }
  if (const auto* status = std::get_if<protocol::Status>(&message.body)) {
    require_at_most("clients on a page of status", status->clients.size(), limits_.status_entries,
                    "limits.status_entries");
    require_at_most("topics on a page of status", status->topics.size(), limits_.status_entries,
                    "limits.status_entries");
  }
  if (const auto* chunk = std::get_if<protocol::BlobChunk>(&message.body))
    require_at_most("bytes of a chunk", chunk->content.size(), limits_.chunk_bytes, "limits.chunk_bytes");
}

void Bounds::check_roster() const {
  constexpr std::size_t kItself = 1;
  require_at_most("clients on record", clients_.size(), limits_.roster.clients + kItself, "limits.roster.clients");
  require_at_most("clients on record that never contributed", newcomers_, limits_.roster.newcomers + kItself,
                  "limits.roster.newcomers");
}

void Bounds::check_uploads(const Store& disk) const {
  constexpr std::string_view kRecord = "upload/";
  const aggregator::Uploads uploads(disk, limits_.uploads);
  std::uint64_t reserved = 0;
  disk.scan(Column::meta, bytes_of(kRecord), [&](ByteView key, ByteView) {
    const auto* upload = uploads.find(ClientId::from_bytes(key.subspan(kRecord.size())));
    reserved += std::max<std::uint64_t>(upload->large.bytes, limits_.uploads.part_bytes);
  });
  if (uploads.size() == 1) return;  // one may be as large as a payload, whatever is left for others
  require_at_most("bytes reserved for uploads", reserved, limits_.uploads.unfinished_bytes,
                  "limits.uploads.unfinished_bytes");
}

void Bounds::check_history(const Store& disk) {
  for (const ClientId& client : std::exchange(has_grown_, {})) {
    Superseded of_client;
    std::map<Topic, std::uint64_t> newest;  // in the order of keys the last of a topic is the newest
    disk.scan(Column::contributions, client.view(), [&](ByteView, ByteView value) {
      const aggregator::Decision decision = aggregator::decode_decision(value);
      if (!decision.is_accepted()) return;
      const auto [place, first] = newest.try_emplace(decision.accepted->topic);
      if (!first && place->second > 0) {
        of_client.bytes += place->second;
        ++of_client.payloads;
      }
      place->second = aggregator::payload_bytes(decision);
    });
    Superseded& before = history_[client];
    superseded_.bytes += of_client.bytes - before.bytes;
    superseded_.payloads += of_client.payloads - before.payloads;
    before = of_client;
  }
  require_at_most("superseded payloads", superseded_.payloads, limits_.history.payloads, "limits.history.payloads");
  require_at_most("bytes of superseded payloads", superseded_.bytes, limits_.history.bytes, "limits.history.bytes");
}

}  // namespace outrider::simulations
