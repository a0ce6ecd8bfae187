#include "simulations/world/aggregator_node.h"

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/random.h"
#include "simulations/world/promises.h"

namespace outrider::simulations {
std::string name_of_client(std::uint32_t client) {
  return "client " + std::to_string(client);
}

ClientId id_of_aggregator() {
  return ClientId::from_public_key(bytes_of("the virtual aggregator"));
}

ClientId id_of_client(std::uint32_t client) {
  return ClientId::from_public_key(bytes_of(name_of_client(client)));
}

AggregatorNode::AggregatorNode(const WorldOptions& options, Postman& postman, std::shared_ptr<ValuePool> pool)
    : options_(options),
      postman_(postman),
      id_(id_of_aggregator()),
      disk_(std::move(pool)),
      ledger_(
          options.watch, [this] { return families(); }, options.limits.history, options.most_payload_bytes),
      bounds_(options.limits),
      links_(options.clients) {
  for (std::uint32_t client = 0; client < options.clients; ++client) {
    ids_.push_back(id_of_client(client));
    clients_.emplace(ids_.back(), client);
  }
  start();
  publish_all();
}

void AggregatorNode::publish_all() {
  for (const Bytes& definition : options_.earlier_definitions) disk_.commit(core_->publish(definition, {}).writes);
  if (!options_.definition.empty()) publish(options_.definition, options_.base);
}

void AggregatorNode::publish(const Bytes& definition, const std::vector<aggregator::BaseKnowledge>& base) {
  disk_.commit(core_->publish(definition, base).writes);
  bounds_.start_over();
  for (const aggregator::BaseKnowledge& piece : base)
    ledger_.given({piece.kind, Digest::of(definition), piece.subject}, piece.payload);
  ledger_.published(*core_, disk_);
}

void AggregatorNode::start() {
  bounds_.start_over();
  core_ = std::make_unique<aggregator::Core>(id_, disk_, families(), options_.limits);
}

void AggregatorNode::start_again() {
  disk_.restart();
  start();
  ledger_.restarted(*core_, disk_);
}

void AggregatorNode::receive(std::span<const Event> packets, Instant now) {
  if (!core_) {
    counts_.missed += packets.size();
    return;
  }
  aggregator::Effects effects;
  AllHeard heard;
  for (const Event& packet : packets) {
    std::optional<protocol::Message> message = understood(packet.bytes);
    if (!message) {
      ++counts_.malformed;
      continue;
    }
    // The transport knows who speaks, whatever he says; but a hostile one has many keys.
    const std::uint32_t sender = client_in(packet.order);
    if (!options_.traits_of(sender).hostile || clients_.contains(message->client)) message->client = ids_[sender];
    ++heard[message->client].messages;
    if (const auto* contribute = std::get_if<protocol::Contribute>(&message->body))
      heard[message->client].contributions += contribute->contributions.size();
    if (const auto* contribute = std::get_if<protocol::Contribute>(&message->body))
      for (const Contribution& contribution : contribute->contributions) ledger_.received(contribution);
    if (const auto* offer = std::get_if<protocol::Offer>(&message->body)) ledger_.received(*offer);
    if (const auto* part = std::get_if<protocol::PayloadPart>(&message->body)) ledger_.received(*part);
    guarded("the aggregator", [&] { effects.append(core_->receive(*message, now)); });
  }
  apply(effects, heard, now);
}

void AggregatorNode::timer(Instant now) {
  if (core_ && core_->deadline() <= now) apply(core_->tick(now), {}, now);
}

// As the daemon: nothing leaves before it is durable, and who could not write starts over.
void AggregatorNode::apply(const aggregator::Effects& effects, const AllHeard& heard, Instant now) {
  try {
    if (!effects.writes.empty()) disk_.commit(effects.writes);
  } catch (const InputError&) {
    ++counts_.refused_commits;
    start_again();
    return;
  } catch (const PowerLoss&) {
    ++counts_.torn_writes;
    die(now, counts_.torn_writes);
    return;
  }
  ledger_.said_itself(id_, effects.writes, disk_);
  ledger_.answered(effects.messages, disk_);
  ledger_.check(*core_);
  if (options_.watch == Watch::full) {
    bounds_.check(effects, heard, disk_, core_->deadline() > now);
    if (!effects.writes.empty()) bounds_.check_catalogue(core_->status(now));
  }
  for (const protocol::Message& message : effects.messages) {
    if (const auto* knowledge = std::get_if<protocol::Knowledge>(&message.body)) note(message.client, *knowledge);
    if (const auto* refused = std::get_if<protocol::Refused>(&message.body); refused != nullptr && refused->permanent) {
      ++counts_.refused;
      last_refusal_ = refused->reason;
    }
    Bytes bytes = sent(message, "the aggregator");
    const auto client = clients_.find(message.client);
    if (client == clients_.end()) continue;  // whom somebody invented
    postman_.send(client->second, Direction::to_client, links_[client->second], bytes, now);
  }
}

void AggregatorNode::note(const ClientId& client, const protocol::Knowledge& knowledge) {
  if (knowledge.through != core_->revision()) {
    cut_at_.insert(knowledge.through);
    return;
  }
  const auto number = clients_.find(client);
  const Capacity capacity = number == clients_.end() ? Capacity{} : options_.capacity_of(number->second);
  const std::pair key{knowledge.through, capacity};
  if (!known_at_.contains(key)) known_at_.emplace(key, handed_out(capacity));
}

Digest AggregatorNode::handed_out(const Capacity& capacity) const {
  Hasher hasher;
  for (const protocol::KnowledgeEntry& entry : core_->knowledge_for(capacity).entries)
    if (!entry.payload.empty())
      hasher.field(entry.topic.kind).field(entry.topic.space.view()).field(entry.topic.subject).field(entry.payload);
  return hasher.finish();
}

void AggregatorNode::claimed(const Event& claim) const {
  const Revision revision{number_in_key(claim.bytes)};
  const auto known = known_at_.find({revision, options_.capacity_of(client_in(claim.order))});
  if (known == known_at_.end() || cut_at_.contains(revision)) return;
  if (Digest::from_bytes(ByteView(claim.bytes).subspan(sizeof(std::uint64_t))) != known->second)
    throw Violation(fmt::format("the replica of {} at revision {} is not what the aggregator knew then",
                                name_of_client(client_in(claim.order)), number(revision)));
}

void AggregatorNode::crash(Instant now, std::uint64_t which) {
  if (!core_) return;
  Random dice(options_.seed, "how the aggregator dies", 0, which);
  if (dice.below(2) == 0) {
    disk_.lose_power_in_next_commit(dice());
  } else {
    die(now, which);
  }
}

void AggregatorNode::die(Instant now, std::uint64_t which) {
  ++counts_.crashes;
  core_.reset();
  Random dice(options_.seed, "how long the aggregator is down", 0, which);
  postman_.schedule({now + Instant(1 + dice.below(60'000)), kAggregatorNode, EventKind::restart, counts_.crashes});
}

void AggregatorNode::restart() {
  if (!core_) start_again();
}

void AggregatorNode::require_sound(Instant now) const {
  aggregator::Core again(id_, disk_, families(), options_.limits);
  if (again.knowledge_digest() != core_->knowledge_digest() || again.revision() != core_->revision())
    throw Violation("the aggregator knows something else after a restart");
  const ClientId somebody = ClientId::from_public_key(bytes_of("somebody who asks"));
  std::set<ClientId> named;
  protocol::StatusQuery query;
  for (bool more = true; more;) {
    const protocol::Status status = again.status(now, query);
    sent({somebody, status}, "the aggregator that is asked for its status");
    if (status.all_clients > options_.limits.roster.clients)
      throw Violation(fmt::format("the aggregator has {} clients; at most {} are kept", status.all_clients,
                                  options_.limits.roster.clients));
    for (const protocol::ClientStatus& client : status.clients) named.insert(client.client);
    more = status.more_clients || status.more_topics;
    if (!status.clients.empty()) query.clients_after = status.clients.back().client;
    if (!status.topics.empty()) query.topics_after = status.topics.back().topic;
  }
  for (std::uint32_t client = 0; client < ids_.size(); ++client)
    if (!options_.traits_of(client).dishonest && !named.contains(ids_[client]))
      throw Violation(name_of_client(client) + " is not in the aggregator's status");
}

void AggregatorNode::start_over() {
  ++counts_.crashes;
  start_again();
}

void AggregatorNode::restore(std::unique_ptr<MemoryStore> backup) {
  disk_.replace(std::move(backup));
  ledger_.forget();
  known_at_.clear();
  cut_at_.clear();
  start();
  ledger_.published(*core_, disk_);
}

void AggregatorNode::replace() {
  id_ = ClientId::from_public_key(id_.view());
  restore(std::make_unique<MemoryStore>());
  publish_all();
}

void AggregatorNode::fill_disk() {
  if (core_) disk_.fail_next_commit();
}

}  // namespace outrider::simulations
