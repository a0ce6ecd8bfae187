// What the aggregator keeps on record of its rounds, and what clients get of it (averaging.capnp).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "learners/averaging/attendance.h"
#include "learners/averaging/learning_task.h"
#include "learners/averaging/rounds.h"
#include "learners/averaging/score.h"

namespace outrider::averaging {

struct RoundRecord {
  ServerState state;             // after the last round; its number is that of the round at hand
  Rounds::Memory memory;         // who was asked and heard of late
  std::uint64_t population = 0;  // clients that were there when the round was opened, and can train
  double width = 1;              // of the part of the network that the state is of (narrow.h); the aggregator's: all
  std::vector<double> parts{};   // published: the widths that the open round asks for, falling
  Attendance attendance{};       // of the rounds before; not published
  std::vector<Score> curve{};    // of the last rounds that somebody told of, rising; not published
  Score best{};                  // of all rounds
  std::string finished{};        // why there are no more rounds; empty: there are
  std::string trouble{};         // which round diverged last, and how; empty: none; not published

  static constexpr std::size_t kMostScores = 1000;
  static constexpr std::size_t kMostReason = 1024;  // bytes

  bool operator==(const RoundRecord&) const = default;

  // Adds a score to the curve, whose oldest goes where there are too many; returns whether it is the best.
  bool add(const Score& score);

  // Whether the open round, if there is one, asks this client.
  bool asks(const ClientId& client) const;
  // What the clients of that width need of it: the state as published(), their part of it, and whom of them the open
  // round asks.
  RoundRecord published(const nn::NetworkSpec& network, double width = 1) const;
};

Bytes encode(const RoundRecord& record);
// Throws InputError when the bytes are malformed or no record of this task.
RoundRecord decode_round_record(ByteView bytes, const LearningTask& task);

}  // namespace outrider::averaging
