#include "aggregator/core/decision.h"

#include "aggregator/core/decision.capnp.h"
#include "knowledge/contribution_wire.h"
#include "knowledge/error.h"
#include "knowledge/wire.h"

namespace outrider::aggregator {

Bytes encode(const Decision& decision) {
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::Decision>();
  builder.setId(wire::data(decision.id.view()));
  if (decision.is_accepted()) {
    auto accepted = builder.initAccepted();
    write(*decision.accepted, accepted.initContribution());
    accepted.setRevision(number(decision.revision));
    accepted.setDropped(decision.dropped);
    accepted.setTakenBack(decision.taken_back);
    accepted.setTaughtBefore(decision.taught_before);
    if (decision.large) accepted.setParts(wire::data(encode(*decision.large)));
  } else {
    builder.setRefused(wire::text(decision.refused));
  }
  return wire::flatten(message);
}

Bytes encode(const Forgetting& forgetting) {
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::Forgetting>();
  builder.setWhen(forgetting.when);
  builder.setWhat(wire::text(forgetting.what));
  builder.setContributions(forgetting.contributions);
  return wire::flatten(message);
}

Forgetting decode_forgetting(ByteView bytes) {
  return wire::read<wire::Forgetting>(bytes, "the record of what was taken back", [](wire::Forgetting::Reader reader) {
    return Forgetting{reader.getWhen(), wire::text(reader.getWhat()), reader.getContributions()};
  });
}

Bytes encode(const ClientRecord& record) {
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::ClientRecord>();
  builder.setName(wire::text(record.name));
  builder.setHighestDecided(number(record.highest_decided));
  builder.setMemory(record.capacity.memory);
  builder.setOperations(record.capacity.operations);
  if (!record.version.empty()) builder.setVersion(wire::text(record.version));
  builder.setSeen(record.seen);
  builder.setRemoved(record.removed);
  builder.setGoneAccepted(record.gone_accepted);
  builder.setGoneRefused(record.gone_refused);
  return wire::flatten(message);
}

Decision decode_decision(ByteView bytes) {
  return wire::read<wire::Decision>(bytes, "the record of a decision", [](wire::Decision::Reader reader) {
    Decision decision;
    decision.id = Digest::from_bytes(wire::view(reader.getId()));
    if (reader.isAccepted()) {
      decision.accepted = read(reader.getAccepted().getContribution());
      decision.dropped = reader.getAccepted().getDropped();
      decision.taken_back = reader.getAccepted().getTakenBack();
      decision.taught_before = reader.getAccepted().getTaughtBefore();
      decision.revision = Revision{reader.getAccepted().getRevision()};
      if (reader.getAccepted().hasParts()) decision.large = decode_large(wire::view(reader.getAccepted().getParts()));
    } else {
      decision.refused = wire::text(reader.getRefused());
    }
    return decision;
  });
}

ClientRecord decode_client_record(ByteView bytes) {
  return wire::read<wire::ClientRecord>(bytes, "the record of a client", [](wire::ClientRecord::Reader reader) {
    return ClientRecord{wire::text(reader.getName()),
                        SequenceNumber{reader.getHighestDecided()},
                        {reader.getMemory(), reader.getOperations()},
                        wire::text(reader.getVersion()),
                        reader.getSeen(),
                        reader.getRemoved(),
                        reader.getGoneAccepted(),
                        reader.getGoneRefused()};
  });
}

Contribution whole(const Decision& decision, const Store& store) {
  Contribution contribution = *decision.accepted;
  const auto lacks = [&](const std::string& what) {
    return InputError("the state lacks " + what + " of contribution " + std::to_string(number(contribution.sequence)) +
                      " of client " + contribution.client.hex());
  };
  if (decision.dropped) throw lacks("the payload");
  if (!decision.large) return contribution;
  auto payload = load(store, *decision.large);
  if (!payload) throw lacks("parts");
  contribution.payload = *std::move(payload);
  return contribution;
}

std::uint64_t payload_bytes(const Decision& decision) {
  return decision.large ? decision.large->bytes : decision.accepted->payload.size();
}

Contribution header_of(const Contribution& contribution) {
  return {contribution.client, contribution.sequence, contribution.learned_against, contribution.topic, {}};
}

Bytes decision_key(const ClientId& client, SequenceNumber sequence) {
  return key_of(client.view(), number(sequence));
}

}  // namespace outrider::aggregator
