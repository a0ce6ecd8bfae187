#include "learners/growing/growth_record.h"

#include <fmt/format.h>

#include "knowledge/error.h"
#include "knowledge/wire.h"
#include "learners/growing/growing.capnp.h"
#include "learners/growing/mixture_wire.h"

namespace outrider::growing {
namespace {

constexpr wire::Limits kGrowthLimits{.bytes = kMaxMixtureBytes, .nesting = 4};
const std::string kTheRecord = "the record of a growth";

GrowthRecord read_record(wire::GrowingRecord::Reader reader, const GrowingTask& task) {
  GrowthRecord record;
  record.event = GrowthEvent::decode(wire::view(reader.getEvent()));
  const auto parts = reader.getParts();
  const auto clients = reader.getClients();
  require(parts.size() == task.parts && clients.size() == task.parts && record.event.parts.size() == task.parts,
          fmt::format("{} names {} parts of {} clients and brings {}; expected {}", kTheRecord,
                      record.event.parts.size(), clients.size(), parts.size(), task.parts));
  require(record.event.crossings == task.crossings, kTheRecord + " follows other rules than its task");
  for (unsigned i = 0; i < parts.size(); ++i) {
    require(Digest::of(wire::view(parts[i])) == record.event.parts[i],
            fmt::format("{} brings another part {} than its event names", kTheRecord, i));
    record.parts.push_back(decode_mixture(wire::view(parts[i]), task.small, fmt::format("{}: part {}", kTheRecord, i)));
    record.clients.push_back(ClientId::from_bytes(wire::view(clients[i])));
  }
  return record;
}

}  // namespace

GrowthRecord GrowthRecord::of(const GrowingTask& task, std::vector<ClientId> clients,
                              std::vector<MixtureNetwork> parts) {
  GrowthEvent event = GrowthEvent::of(parts, task.crossings);
  return {std::move(event), std::move(clients), std::move(parts)};
}

Bytes GrowthRecord::encode() const {
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::GrowingRecord>();
  builder.setEvent(wire::data(event.encode()));
  auto ids = builder.initClients(static_cast<unsigned>(clients.size()));
  for (unsigned i = 0; i < ids.size(); ++i) ids.set(i, wire::data(clients[i].view()));
  auto list = builder.initParts(static_cast<unsigned>(parts.size()));
  for (unsigned i = 0; i < list.size(); ++i) list.set(i, wire::data(encode_mixture(parts[i])));
  return wire::flatten(message);
}

GrowthRecord GrowthRecord::decode(ByteView bytes, const GrowingTask& task) {
  const auto use = [&](wire::GrowingRecord::Reader reader) { return read_record(reader, task); };
  return wire::read<wire::GrowingRecord>(bytes, kTheRecord, use, kGrowthLimits);
}

}  // namespace outrider::growing
