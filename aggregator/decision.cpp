#include "aggregator/decision.h"

#include "aggregator/decision.capnp.h"
#include "knowledge/contribution_wire.h"
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
  } else {
    builder.setRefused(wire::text(decision.refused));
  }
  return wire::flatten(message);
}

Bytes encode(const ClientRecord& record) {
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::ClientRecord>();
  builder.setName(wire::text(record.name));
  builder.setHighestDecided(number(record.highest_decided));
  builder.setMemory(record.capacity.memory);
  builder.setOperations(record.capacity.operations);
  return wire::flatten(message);
}

Decision decode_decision(ByteView bytes) {
  return wire::read<wire::Decision>(bytes, "the record of a decision", [](wire::Decision::Reader reader) {
    Decision decision;
    decision.id = Digest::from_bytes(wire::view(reader.getId()));
    if (reader.isAccepted()) {
      decision.accepted = read(reader.getAccepted().getContribution());
      decision.revision = Revision{reader.getAccepted().getRevision()};
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
                        {reader.getMemory(), reader.getOperations()}};
  });
}

Bytes decision_key(const ClientId& client, SequenceNumber sequence) {
  return key_of(client.view(), number(sequence));
}

}  // namespace outrider::aggregator
