// Messages into bytes.
#include <stdexcept>

#include <fmt/format.h>
#include <kj/io.h>

#include "knowledge/contribution_wire.h"
#include "knowledge/error.h"
#include "knowledge/wire.h"
#include "protocol/codec.h"
#include "protocol/limits.h"
#include "protocol/outrider.capnp.h"

namespace outrider::protocol {
namespace {

using BodyBuilder = schema::Message::Body::Builder;

template <typename Builder, typename Values, typename WriteOne>
void write_list(Builder builder, const Values& values, WriteOne write_one) {
  for (unsigned i = 0; i < builder.size(); ++i) write_one(values[i], builder[i]);
}

unsigned entries(std::size_t size) {
  return static_cast<unsigned>(size);
}  // check() has bounded it

void write_entry(const KnowledgeEntry& entry, schema::KnowledgeEntry::Builder builder) {
  write(entry.topic, builder.initTopic());
  builder.setPayload(wire::data(entry.payload));
  if (entry.digest.empty()) return;
  builder.setDigest(wire::data(entry.digest.view()));
  builder.setBytes(entry.bytes);
}

void write_capacity(const Capacity& capacity, auto builder) {
  builder.setMemory(capacity.memory);
  builder.setOperations(capacity.operations);
}

void write_client(const ClientStatus& status, schema::ClientStatus::Builder builder) {
  builder.setClient(wire::data(status.client.view()));
  builder.setName(status.name);
  builder.setHighestDecided(number(status.highest_decided));
  builder.setReplica(number(status.replica));
  builder.setOutbox(status.outbox);
  builder.setConnected(status.connected);
  builder.setSecondsSinceSeen(status.seconds_since_seen);
  write_capacity(status.capacity, builder);
  if (!status.version.empty()) builder.setVersion(wire::text(status.version));
  builder.setAccepted(status.accepted);
  builder.setRefused(status.refused);
  builder.setLastSeen(status.last_seen);
}

void write_topic(const TopicStatus& status, schema::TopicStatus::Builder builder) {
  write(status.topic, builder.initTopic());
  builder.setContributors(status.contributors);
  builder.setChanged(number(status.changed));
  builder.setExamples(status.examples);
}

void write_fact(const Fact& fact, schema::Fact::Builder builder) {
  builder.setName(wire::text(fact.name));
  builder.setValue(wire::text(fact.value));
}

struct Writer {
  BodyBuilder body;

  void operator()(const Hello& hello) {
    auto builder = body.initHello();
    builder.setName(hello.name);
    builder.setReplica(number(hello.replica));
    builder.setConversation(hello.conversation);
    write_capacity(hello.capacity, builder);
    builder.setIncarnation(hello.incarnation.number);
    const auto& earlier = hello.incarnation.earlier;
    auto numbers = builder.initEarlier(entries(earlier.size()));
    for (unsigned i = 0; i < numbers.size(); ++i) numbers.set(i, earlier[i]);
    builder.setRelocated(hello.incarnation.relocated);
    if (!hello.version.empty()) builder.setVersion(wire::text(hello.version));
  }
  void operator()(const Contribute& contribute) {
    const auto& contributions = contribute.contributions;
    write_list(body.initContribute().initContributions(entries(contributions.size())), contributions,
               [](const Contribution& one, auto builder) { write(one, builder); });
  }
  void operator()(const Offer& offer) {
    auto builder = body.initOffer();
    builder.setContribution(wire::data(offer.contribution.view()));
    write(offer.header, builder.initHeader());
    builder.setBytes(offer.bytes);
    builder.setAttempt(offer.attempt);
  }
  void operator()(const PayloadPart& part) {
    auto builder = body.initPayloadPart();
    builder.setContribution(wire::data(part.contribution.view()));
    builder.setOffset(part.offset);
    builder.setAttempt(part.attempt);
    builder.setContent(wire::data(part.content));
  }
  void operator()(const Want& want) {
    auto builder = body.initWant();
    builder.setSince(number(want.since));
    builder.setByReference(want.by_reference);
    builder.setPaged(want.paged);
    if (want.after != Topic{}) write(want.after, builder.initAfter());
  }
  void operator()(const WantBlob& want) {
    auto builder = body.initWantBlob();
    builder.setBlob(wire::data(want.blob.view()));
    builder.setOffset(want.offset);
    builder.setLength(want.length);
  }
  void operator()(const Heartbeat& heartbeat) {
    auto builder = body.initHeartbeat();
    builder.setReplica(number(heartbeat.replica));
    builder.setOutbox(heartbeat.outbox);
  }
  void operator()(const Goodbye&) { body.initGoodbye(); }
  void operator()(const StatusQuery& query) {
    auto builder = body.initStatusQuery();
    if (query.clients_after != ClientId{}) builder.setClientsAfter(wire::data(query.clients_after.view()));
    if (query.topics_after != Topic{}) write(query.topics_after, builder.initTopicsAfter());
  }
  void operator()(const Welcome& welcome) {
    auto builder = body.initWelcome();
    builder.setAggregator(wire::data(welcome.aggregator.view()));
    builder.setRevision(number(welcome.revision));
    builder.setDefinition(wire::data(welcome.definition.view()));
    builder.setHighestDecided(number(welcome.highest_decided));
    builder.setHeartbeatSeconds(welcome.heartbeat_seconds);
    builder.setConversation(welcome.conversation);
    builder.setTakesOffers(welcome.takes_offers);
  }
  void operator()(const Held& held) {
    auto builder = body.initHeld();
    builder.setContribution(wire::data(held.contribution.view()));
    builder.setBytes(held.bytes);
    builder.setPartBytes(held.part_bytes);
    builder.setWindow(held.window);
    builder.setAttempt(held.attempt);
    builder.setToOffer(held.to_offer);
    builder.setLost(held.lost);
  }
  void operator()(const Accepted& accepted) {
    auto builder = body.initAccepted();
    auto contributions = builder.initContributions(entries(accepted.contributions.size()));
    for (unsigned i = 0; i < contributions.size(); ++i)
      contributions.set(i, wire::data(accepted.contributions[i].view()));
    builder.setRevision(number(accepted.revision));
  }
  void operator()(const Refused& refused) {
    auto builder = body.initRefused();
    builder.setContribution(wire::data(refused.contribution.view()));
    builder.setReason(refused.reason);
    builder.setPermanent(refused.permanent);
  }
  void operator()(const Knowledge& knowledge) {
    auto builder = body.initKnowledge();
    builder.setSince(number(knowledge.since));
    builder.setThrough(number(knowledge.through));
    write_list(builder.initEntries(entries(knowledge.entries.size())), knowledge.entries, write_entry);
    if (knowledge.after != Topic{}) write(knowledge.after, builder.initAfter());
    if (knowledge.up_to != Topic{}) write(knowledge.up_to, builder.initUpTo());
  }
  void operator()(const BlobChunk& chunk) {
    auto builder = body.initBlobChunk();
    builder.setBlob(wire::data(chunk.blob.view()));
    builder.setOffset(chunk.offset);
    builder.setTotal(chunk.total);
    builder.setContent(wire::data(chunk.content));
  }
  void operator()(const Announce& announce) {
    auto builder = body.initAnnounce();
    builder.setAggregator(wire::data(announce.aggregator.view()));
    builder.setRevision(number(announce.revision));
    builder.setDefinition(wire::data(announce.definition.view()));
  }
  void operator()(const Unsupported&) { throw std::logic_error("Unsupported travels as a version 0 frame"); }
  void operator()(const Rejected& rejected) {
    auto builder = body.initRejected();
    builder.setSentence(rejected.sentence);
    builder.setConversation(rejected.conversation);
  }
  void operator()(const Status& status) {
    auto builder = body.initStatus();
    builder.setAggregator(wire::data(status.aggregator.view()));
    builder.setRevision(number(status.revision));
    builder.setDefinition(wire::data(status.definition.view()));
    write_list(builder.initClients(entries(status.clients.size())), status.clients, write_client);
    write_list(builder.initTopics(entries(status.topics.size())), status.topics, write_topic);
    builder.setMoreClients(status.more_clients);
    builder.setMoreTopics(status.more_topics);
    builder.setAllClients(status.all_clients);
    builder.setAllTopics(status.all_topics);
    builder.setUsableTopics(status.usable_topics);
    if (!status.facts.empty()) write_list(builder.initFacts(entries(status.facts.size())), status.facts, write_fact);
  }
};

// The bytes of a finished message, written once.
Bytes flatten(capnp::MessageBuilder& message) {
  const std::size_t size = capnp::computeSerializedSizeInWords(message) * sizeof(capnp::word);
  if (size > kMaxMessageBytes)
    throw InputError(fmt::format("message has {} bytes; at most {} can be sent", size, kMaxMessageBytes));
  Bytes bytes(size);
  kj::ArrayOutputStream stream(kj::arrayPtr(bytes.data(), bytes.size()));
  capnp::writeMessage(stream, message);
  return bytes;
}

}  // namespace

Bytes encode(const Message& message) {
  check(message);
  capnp::MallocMessageBuilder builder;
  auto root = builder.initRoot<schema::Message>();
  root.setClient(wire::data(message.client.view()));
  std::visit(Writer{root.initBody()}, message.body);
  return flatten(builder);
}

}  // namespace outrider::protocol
