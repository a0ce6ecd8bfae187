#include "knowledge/contribution.h"

#include <algorithm>

#include "knowledge/contribution_wire.h"
#include "knowledge/wire.h"

namespace outrider {

ClientId ClientId::from_public_key(ByteView public_key) {
  return from_bytes(Digest::of(public_key).view().first(kSize));
}

ClientId ClientId::from_bytes(ByteView raw) {
  if (raw.size() != kSize) throw InputError("a client id has 16 bytes, not " + std::to_string(raw.size()));
  ClientId id;
  std::copy(raw.begin(), raw.end(), id.bytes.begin());
  return id;
}

void begin_id(Hasher& hasher, const Contribution& header, std::uint64_t bytes) {
  hasher.field(header.client.view())
      .field(number(header.sequence))
      .field(number(header.learned_against))
      .field(header.topic.kind)
      .field(header.topic.space.view())
      .field(header.topic.subject)
      .begin_field(bytes);
}

Digest Contribution::id() const {
  Hasher hasher;
  begin_id(hasher, *this, payload.size());
  return hasher.more(payload).finish();
}

Bytes encode(const Contribution& contribution) {
  capnp::MallocMessageBuilder message;
  write(contribution, message.initRoot<wire::Contribution>());
  return wire::flatten(message);
}

Contribution decode_contribution(ByteView bytes) {
  return wire::read<wire::Contribution>(bytes, "contribution",
                                        [](wire::Contribution::Reader reader) { return read(reader); });
}

Bytes encode(const StoredContribution& stored) {
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::Contribution>();
  write(stored.contribution, builder);
  if (!stored.parts.empty()) builder.setParts(wire::data(stored.parts));
  return wire::flatten(message);
}

StoredContribution decode_stored_contribution(ByteView bytes) {
  return wire::read<wire::Contribution>(bytes, "contribution", [](wire::Contribution::Reader reader) {
    return StoredContribution{read(reader), to_bytes(wire::view(reader.getParts()))};
  });
}

void write(const Topic& topic, wire::Topic::Builder builder) {
  builder.setKind(wire::text(topic.kind));
  builder.setSpace(wire::data(topic.space.view()));
  builder.setSubject(wire::text(topic.subject));
}

void write(const Contribution& contribution, wire::Contribution::Builder builder) {
  builder.setClient(wire::data(contribution.client.view()));
  builder.setSequence(number(contribution.sequence));
  builder.setLearnedAgainst(number(contribution.learned_against));
  write(contribution.topic, builder.initTopic());
  builder.setPayload(wire::data(contribution.payload));
}

Topic read(wire::Topic::Reader reader) {
  return {wire::text(reader.getKind()), Digest::from_bytes(wire::view(reader.getSpace())),
          wire::text(reader.getSubject())};
}

Contribution read(wire::Contribution::Reader reader) {
  Contribution contribution;
  contribution.client = ClientId::from_bytes(wire::view(reader.getClient()));
  contribution.sequence = SequenceNumber{reader.getSequence()};
  contribution.learned_against = Revision{reader.getLearnedAgainst()};
  contribution.topic = read(reader.getTopic());
  const ByteView payload = wire::view(reader.getPayload());
  contribution.payload.assign(payload.begin(), payload.end());
  return contribution;
}

}  // namespace outrider
