#include "learners/averaging/round_record.h"

#include <fmt/format.h>

#include "knowledge/error.h"
#include "knowledge/wire.h"
#include "learners/averaging/averaging.capnp.h"
#include "learners/averaging/update_wire.h"

namespace outrider::averaging {
namespace {

constexpr wire::Limits kRecordLimits{.bytes = kMaxWireBytes, .nesting = 6};

using IdListReader = capnp::List<capnp::Data>::Reader;

template <typename Init>
void write_ids(const std::set<ClientId>& ids, const Init& init) {
  if (ids.empty()) return;
  auto list = init(static_cast<unsigned>(ids.size()));
  unsigned i = 0;
  for (const ClientId& id : ids) list.set(i++, wire::data(id.view()));
}

std::set<ClientId> read_ids(const IdListReader& list) {
  std::set<ClientId> ids;
  for (const auto id : list) ids.insert(ClientId::from_bytes(wire::view(id)));
  return ids;
}

}  // namespace

bool RoundRecord::asks(const ClientId& client) const {
  return memory.open && memory.rounds.back().asked.contains(client);
}

RoundRecord RoundRecord::published() const {
  RoundRecord shown{averaging::published(state), {memory.open, 0, {}}, population};
  if (memory.open) shown.memory.rounds.push_back({state.round, memory.rounds.back().asked, {}});
  return shown;
}

Bytes encode(const RoundRecord& record) {
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::AveragingRound>();
  builder.setState(wire::data(encode_state(record.state)));
  builder.setOpen(record.memory.open);
  builder.setDraws(record.memory.draws);
  builder.setPopulation(record.population);
  auto rounds = builder.initRounds(static_cast<unsigned>(record.memory.rounds.size()));
  for (unsigned i = 0; i < rounds.size(); ++i) {
    const RoundMemory& round = record.memory.rounds[i];
    rounds[i].setRound(round.round);
    write_ids(round.asked, [&](unsigned count) { return rounds[i].initAsked(count); });
    write_ids(round.heard, [&](unsigned count) { return rounds[i].initHeard(count); });
  }
  return wire::flatten(message);
}

RoundRecord decode_round_record(ByteView bytes, const LearningTask& task) {
  const std::string what = "the record of a round";
  const auto use = [&](wire::AveragingRound::Reader reader) {
    RoundRecord record;
    record.state = decode_state(wire::view(reader.getState()), task.network, task.strategy);
    record.population = reader.getPopulation();
    record.memory.open = reader.getOpen();
    record.memory.draws = reader.getDraws();
    for (const auto round : reader.getRounds())
      record.memory.rounds.push_back({round.getRound(), read_ids(round.getAsked()), read_ids(round.getHeard())});
    require(!record.memory.open ||
                (!record.memory.rounds.empty() && record.memory.rounds.back().round == record.state.round),
            fmt::format("{} says that round {} is open, but not whom it asks", what, record.state.round));
    return record;
  };
  return wire::read<wire::AveragingRound>(bytes, what, use, kRecordLimits);
}

}  // namespace outrider::averaging
