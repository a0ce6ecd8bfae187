// Bytes into messages.
#include <string>

#include <fmt/format.h>

#include "knowledge/contribution_wire.h"
#include "knowledge/error.h"
#include "knowledge/wire.h"
#include "protocol/codec.h"
#include "protocol/limits.h"
#include "protocol/outrider.capnp.h"

namespace outrider::protocol {
namespace {

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
          digest(reader.getDefinition()),
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
          digest(reader.getDefinition()),
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
                      digest(announce.getDefinition())};
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
