#include "learners/averaging/round_record.h"

#include <algorithm>
#include <cassert>
#include <functional>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "knowledge/utf8.h"
#include "knowledge/wire.h"
#include "learners/averaging/averaging.capnp.h"
#include "learners/averaging/update_wire.h"
#include "learners/surgery/narrow.h"

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

void write_attendance(const Attendance& attendance, wire::AveragingRound::Builder builder) {
  builder.setCaution(attendance.caution);
  write_ids(attendance.reliable, [&](unsigned count) { return builder.initReliable(count); });
  auto silent = builder.initSilent(static_cast<unsigned>(attendance.silent.size()));
  unsigned i = 0;
  for (const auto& [client, silence] : attendance.silent) {
    auto entry = silent[i++];
    entry.setClient(wire::data(client.view()));
    entry.setTimes(silence.times);
    entry.setUntil(silence.until);
  }
}

std::set<ClientId> read_ids(const IdListReader& list) {
  std::set<ClientId> ids;
  for (const auto id : list) ids.insert(ClientId::from_bytes(wire::view(id)));
  return ids;
}

void write_widths(const RoundMemory& round, capnp::List<double>::Builder list) {
  unsigned i = 0;
  for (const ClientId& client : round.asked) list.set(i++, *round.width_of(client));
}

void write_score(const Score& score, wire::AveragingScore::Builder builder) {
  builder.setRound(score.round);
  builder.setClients(score.clients);
  builder.setPictures(score.pictures);
  builder.setCorrect(score.correct);
  builder.setLossSum(score.loss_sum);
}

Score read_score(wire::AveragingScore::Reader reader) {
  return {reader.getRound(), reader.getClients(), reader.getPictures(), reader.getCorrect(), reader.getLossSum()};
}

Attendance read_attendance(wire::AveragingRound::Reader reader, const std::string& what) {
  for (const auto count : {reader.getReliable().size(), reader.getSilent().size()})
    require(count <= Attendance::kMostRemembered,
            fmt::format("{} remembers {} clients; expected at most {}", what, count, Attendance::kMostRemembered));
  require(
      reader.getCaution() <= Attendance::kMostCaution,
      fmt::format("{} has the caution {}; expected at most {}", what, reader.getCaution(), Attendance::kMostCaution));
  Attendance attendance{{}, read_ids(reader.getReliable()), reader.getCaution()};
  for (const auto entry : reader.getSilent())
    attendance.silent.insert_or_assign(
        ClientId::from_bytes(wire::view(entry.getClient())),
        Attendance::Silence{std::min(entry.getTimes(), Attendance::kMostDoublings), entry.getUntil()});
  return attendance;
}

// Who was asked, and for which part of the network.
void read_asked(wire::AveragingAsked::Reader reader, RoundMemory& round, const std::string& what) {
  const auto asked = reader.getAsked();
  const auto widths = reader.getWidths();
  require(widths.size() == 0 || widths.size() == asked.size(),
          fmt::format("{} has {} widths for {} clients", what, widths.size(), asked.size()));
  for (unsigned i = 0; i < asked.size(); ++i) {
    const ClientId client = ClientId::from_bytes(wire::view(asked[i]));
    round.asked.insert(client);
    if (widths.size() == 0 || widths[i] == 1) continue;
    surgery::check_width(widths[i], what);
    round.narrow.emplace(client, widths[i]);
  }
}

}  // namespace

bool RoundRecord::asks(const ClientId& client) const {
  return memory.open && memory.rounds.back().asked.contains(client);
}

bool RoundRecord::add(const Score& score) {
  curve.push_back(score);
  if (curve.size() > kMostScores) curve.erase(curve.begin());
  const bool is_best = score.better_than(best);
  if (is_best) best = score;
  return is_best;
}

RoundRecord RoundRecord::published(const nn::NetworkSpec& network, double part) const {
  assert(width == 1);
  RoundRecord shown{
      narrow_state(network, state, part), {memory.open, 0, {}}, population, part, {}, {}, {}, best, finished, {}};
  if (!memory.open) return shown;
  RoundMemory& round = shown.memory.rounds.emplace_back(RoundMemory{state.round, {}, {}});
  std::set<double, std::greater<>> widths;
  for (const ClientId& client : memory.rounds.back().asked) {
    const double asked = *memory.rounds.back().width_of(client);
    widths.insert(asked);
    if (asked == part) round.asked.insert(client);
  }
  shown.parts.assign(widths.begin(), widths.end());
  return shown;
}

Bytes encode(const RoundRecord& record) {
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::AveragingRound>();
  builder.setState(wire::data(encode_state(record.state)));
  builder.setOpen(record.memory.open);
  builder.setDraws(record.memory.draws);
  builder.setPopulation(record.population);
  builder.setWidth(record.width);
  auto parts = builder.initParts(static_cast<unsigned>(record.parts.size()));
  for (unsigned i = 0; i < parts.size(); ++i) parts.set(i, record.parts[i]);
  write_attendance(record.attendance, builder);
  auto curve = builder.initCurve(static_cast<unsigned>(record.curve.size()));
  for (unsigned i = 0; i < curve.size(); ++i) write_score(record.curve[i], curve[i]);
  if (record.best.pictures > 0) write_score(record.best, builder.initBest());
  if (!record.trouble.empty()) builder.setTrouble(wire::text(record.trouble));
  if (!record.finished.empty()) builder.setFinished(wire::text(record.finished));
  auto rounds = builder.initRounds(static_cast<unsigned>(record.memory.rounds.size()));
  for (unsigned i = 0; i < rounds.size(); ++i) {
    const RoundMemory& round = record.memory.rounds[i];
    rounds[i].setRound(round.round);
    write_ids(round.asked, [&](unsigned count) { return rounds[i].initAsked(count); });
    write_ids(round.heard, [&](unsigned count) { return rounds[i].initHeard(count); });
    if (!round.narrow.empty()) write_widths(round, rounds[i].initWidths(static_cast<unsigned>(round.asked.size())));
  }
  return wire::flatten(message);
}

RoundRecord decode_round_record(ByteView bytes, const LearningTask& task) {
  const std::string what = "the record of a round";
  const auto use = [&](wire::AveragingRound::Reader reader) {
    RoundRecord record;
    record.width = reader.getWidth();
    surgery::check_width(record.width, what);
    require(record.width == 1 || takes_narrow(task.strategy),
            fmt::format("{} is of width {}; the strategy works with whole networks only", what, record.width));
    record.state =
        decode_state(wire::view(reader.getState()), surgery::narrow_network(task.network, record.width), task.strategy);
    record.population = reader.getPopulation();
    record.memory.open = reader.getOpen();
    require(reader.getParts().size() <= std::size(surgery::kWidths),
            fmt::format("{} asks for {} widths; expected at most {}", what, reader.getParts().size(),
                        std::size(surgery::kWidths)));
    for (const double part : reader.getParts()) {
      surgery::check_width(part, what);
      record.parts.push_back(part);
    }
    record.attendance = read_attendance(reader, what);
    require(
        reader.getCurve().size() <= RoundRecord::kMostScores,
        fmt::format("{} has {} scores; expected at most {}", what, reader.getCurve().size(), RoundRecord::kMostScores));
    for (const auto score : reader.getCurve()) record.curve.push_back(read_score(score));
    if (reader.hasBest()) record.best = read_score(reader.getBest());
    record.trouble = utf8::cut(wire::text(reader.getTrouble()), RoundRecord::kMostReason);
    record.finished = utf8::cut(wire::text(reader.getFinished()), RoundRecord::kMostReason);
    record.memory.draws = reader.getDraws();
    for (const auto round : reader.getRounds()) {
      record.memory.rounds.push_back({round.getRound(), {}, read_ids(round.getHeard())});
      read_asked(round, record.memory.rounds.back(), what);
    }
    require(!record.memory.open ||
                (!record.memory.rounds.empty() && record.memory.rounds.back().round == record.state.round),
            fmt::format("{} says that round {} is open, but not whom it asks", what, record.state.round));
    return record;
  };
  return wire::read<wire::AveragingRound>(bytes, what, use, kRecordLimits);
}

}  // namespace outrider::averaging
