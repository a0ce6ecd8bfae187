// What the aggregator keeps on record of its rounds, and what clients get of it (averaging.capnp).
#pragma once

#include <cstdint>
#include <vector>

#include "learners/averaging/learning_task.h"
#include "learners/averaging/rounds.h"

namespace outrider::averaging {

struct RoundRecord {
  ServerState state;             // after the last round; its number is that of the round at hand
  Rounds::Memory memory;         // who was asked and heard of late
  std::uint64_t population = 0;  // clients that were there when the round was opened, and can train
  double width = 1;              // of the part of the network that the state is of (narrow.h); the aggregator's: all
  std::vector<double> parts{};   // published: the widths that the open round asks for, falling

  bool operator==(const RoundRecord&) const = default;

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
