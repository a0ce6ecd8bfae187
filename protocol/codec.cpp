#include "protocol/codec.h"

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <kj/io.h>

#include "knowledge/contribution_wire.h"
#include "knowledge/error.h"
#include "knowledge/wire.h"
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
    builder.setEncoder(wire::data(welcome.encoder.view()));
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
    builder.setEncoder(wire::data(announce.encoder.view()));
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
    builder.setEncoder(wire::data(status.encoder.view()));
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

ClientId client_id(capnp::Data::Reader data) {
  return ClientId::from_bytes(wire::view(data));
}
Digest digest(capnp::Data::Reader data) {
  return Digest::from_bytes(wire::view(data));
}
Bytes bytes(capnp::Data::Reader data) {
  return {data.begin(), data.end()};
}

// The values of a list; its length is checked before any memory is taken.
template <typename Value, typename List, typename ReadOne>
std::vector<Value> read_list(const List& list, std::string_view what, ReadOne read_one) {
  check_entries(what, list.size());
  std::vector<Value> values;
  values.reserve(list.size());
  for (const auto& element : list) values.push_back(read_one(element));
  return values;
}

Contribute read_body(schema::Contribute::Reader reader) {
  return {read_list<Contribution>(reader.getContributions(), "contribute",
                                  [](const auto& contribution) { return read(contribution); })};
}

Welcome read_body(schema::Welcome::Reader reader) {
  return {client_id(reader.getAggregator()),
          Revision{reader.getRevision()},
          digest(reader.getEncoder()),
          SequenceNumber{reader.getHighestDecided()},
          reader.getHeartbeatSeconds(),
          reader.getConversation(),
          reader.getTakesOffers()};
}

Offer read_body(schema::Offer::Reader reader) {
  return {digest(reader.getContribution()), read(reader.getHeader()), reader.getBytes(), reader.getAttempt()};
}

PayloadPart read_body(schema::PayloadPart::Reader reader) {
  return {digest(reader.getContribution()), reader.getOffset(), reader.getAttempt(), bytes(reader.getContent())};
}

Held read_body(schema::Held::Reader reader) {
  return {digest(reader.getContribution()),
          reader.getBytes(),
          reader.getPartBytes(),
          reader.getWindow(),
          reader.getAttempt(),
          reader.getToOffer(),
          reader.getLost()};
}

Accepted read_body(schema::Accepted::Reader reader) {
  return {read_list<Digest>(reader.getContributions(), "accepted", digest), Revision{reader.getRevision()}};
}

Knowledge read_body(schema::Knowledge::Reader reader) {
  return {Revision{reader.getSince()}, Revision{reader.getThrough()},
          read_list<KnowledgeEntry>(reader.getEntries(), "knowledge",
                                    [](const auto& entry) {
                                      return KnowledgeEntry{read(entry.getTopic()), bytes(entry.getPayload()),
                                                            entry.hasDigest() ? digest(entry.getDigest()) : Digest{},
                                                            entry.getBytes()};
                                    }),
          reader.hasAfter() ? read(reader.getAfter()) : Topic{}, reader.hasUpTo() ? read(reader.getUpTo()) : Topic{}};
}

Capacity read_capacity(const auto& reader) {
  return {reader.getMemory(), reader.getOperations()};
}

ClientStatus read_client(schema::ClientStatus::Reader reader) {
  return {client_id(reader.getClient()), wire::text(reader.getName()), SequenceNumber{reader.getHighestDecided()},
          Revision{reader.getReplica()}, reader.getOutbox(),           reader.getConnected(),
          reader.getSecondsSinceSeen(),  read_capacity(reader),        wire::text(reader.getVersion()),
          reader.getAccepted(),          reader.getRefused(),          reader.getLastSeen()};
}

StatusQuery read_body(schema::StatusQuery::Reader reader) {
  return {reader.hasClientsAfter() ? client_id(reader.getClientsAfter()) : ClientId{},
          reader.hasTopicsAfter() ? read(reader.getTopicsAfter()) : Topic{}};
}

Status read_body(schema::Status::Reader reader) {
  return {client_id(reader.getAggregator()),
          Revision{reader.getRevision()},
          digest(reader.getEncoder()),
          read_list<ClientStatus>(reader.getClients(), "the clients in status", read_client),
          read_list<TopicStatus>(reader.getTopics(), "the topics in status",
                                 [](const auto& topic) {
                                   return TopicStatus{read(topic.getTopic()), topic.getContributors(),
                                                      Revision{topic.getChanged()}, topic.getExamples()};
                                 }),
          reader.getMoreClients(),
          reader.getMoreTopics(),
          reader.getAllClients(),
          reader.getAllTopics(),
          reader.getUsableTopics(),
          read_list<Fact>(reader.getFacts(), "the facts in status", [](const auto& fact) {
            return Fact{wire::text(fact.getName()), wire::text(fact.getValue())};
          })};
}

Hello read_body(schema::Hello::Reader reader) {
  return {wire::text(reader.getName()),
          Revision{reader.getReplica()},
          reader.getConversation(),
          read_capacity(reader),
          {reader.getIncarnation(),
           read_list<std::uint64_t>(reader.getEarlier(), "the incarnations in hello", std::identity{}),
           reader.getRelocated()},
          wire::text(reader.getVersion())};
}

Body read_body(schema::Message::Body::Reader body) {
  using Kind = schema::Message::Body;
  switch (body.which()) {
    case Kind::HELLO:
      return read_body(body.getHello());
    case Kind::CONTRIBUTE:
      return read_body(body.getContribute());
    case Kind::WANT:
      return Want{Revision{body.getWant().getSince()}, body.getWant().getByReference(), body.getWant().getPaged(),
                  body.getWant().hasAfter() ? read(body.getWant().getAfter()) : Topic{}};
    case Kind::OFFER:
      return read_body(body.getOffer());
    case Kind::PAYLOAD_PART:
      return read_body(body.getPayloadPart());
    case Kind::HELD:
      return read_body(body.getHeld());
    case Kind::WANT_BLOB: {
      const auto want = body.getWantBlob();
      return WantBlob{digest(want.getBlob()), want.getOffset(), want.getLength()};
    }
    case Kind::HEARTBEAT:
      return Heartbeat{Revision{body.getHeartbeat().getReplica()}, body.getHeartbeat().getOutbox()};
    case Kind::GOODBYE:
      return Goodbye{};
    case Kind::STATUS_QUERY:
      return read_body(body.getStatusQuery());
    case Kind::WELCOME:
      return read_body(body.getWelcome());
    case Kind::ACCEPTED:
      return read_body(body.getAccepted());
    case Kind::REFUSED: {
      const auto refused = body.getRefused();
      return Refused{digest(refused.getContribution()), wire::text(refused.getReason()), refused.getPermanent()};
    }
    case Kind::KNOWLEDGE:
      return read_body(body.getKnowledge());
    case Kind::BLOB_CHUNK: {
      const auto chunk = body.getBlobChunk();
      return BlobChunk{digest(chunk.getBlob()), chunk.getOffset(), chunk.getTotal(), bytes(chunk.getContent())};
    }
    case Kind::ANNOUNCE: {
      const auto announce = body.getAnnounce();
      return Announce{client_id(announce.getAggregator()), Revision{announce.getRevision()},
                      digest(announce.getEncoder())};
    }
    case Kind::REJECTED:
      return Rejected{wire::text(body.getRejected().getSentence()), body.getRejected().getConversation()};
    case Kind::STATUS:
      return read_body(body.getStatus());
  }
  // A newer peer of the same version may have added a member to the union.
  throw InputError(
      fmt::format("message kind {} is unknown to version {}", static_cast<unsigned>(body.which()), kVersion));
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

Message decode(ByteView bytes) {
  Message message =
      wire::read<schema::Message>(bytes, "message",
                                  [](schema::Message::Reader reader) {
                                    return Message{client_id(reader.getClient()), read_body(reader.getBody())};
                                  },
                                  {.bytes = kMaxMessageBytes, .nesting = kMaxNesting});
  check(message);
  return message;
}

}  // namespace outrider::protocol
