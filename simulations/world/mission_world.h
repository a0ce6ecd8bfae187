// A mission under virtual time: thousands of clients, one aggregator, every failure replayable from its seed.
#pragma once

#include <functional>
#include <vector>

#include "simulations/world/exchange.h"
#include "simulations/world/shard.h"

namespace outrider::simulations {

// What became of a client, for reports. Plain data: it travels between ranks as it is.
struct ClientSummary {
  std::uint32_t client = 0;
  std::uint32_t rendezvous = 0;
  std::uint32_t pictures = 0;
  std::uint32_t crashes = 0;
  std::uint32_t missed = 0;
  std::uint32_t sent = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_bytes = 0;  // sent to it, lost ones too; filled in on rank 0
  std::int64_t on_its_way_ms = 0;
  std::uint64_t replica = 0;  // its revision
  Digest knowledge{};         // of its replica
  bool done = false;          // it rests, and has delivered and learned everything

  bool operator==(const ClientSummary&) const = default;
};

struct WorldSummary {
  std::uint64_t events = 0;
  std::uint64_t lost = 0;  // messages
  std::uint64_t accepted = 0;
  Revision revision{};
  Digest knowledge{};
  Digest learned{};  // the same, whoever has taught it
  AggregatorNode::Counts aggregator{};
  std::vector<ClientSummary> clients;  // in ascending order

  std::uint64_t client_crashes() const;
};

// What a world's driver is told on the way; all are called on every rank, between events.
struct WorldHooks {
  // Everything of this step has happened. The last call, with `steps`, is after the calm.
  std::function<void(std::size_t step, const Shard& shard)> step_over = [](std::size_t, const Shard&) {};
  // Now and then. Throw to end the run early; on one rank alone only in a world of one.
  std::function<void(const Shard& shard)> look = [](const Shard&) {};
};

// Runs the world and checks its promises: during the run those of Ledger and ClientNode, at the end that every honest
// client has delivered all it learned and that all know the same. Throws Violation, which says when it happened, on all
// ranks. The summary is complete on rank 0; it does not depend on the number of ranks.
WorldSummary run_world(const WorldOptions& options, const Curriculum& curriculum, Exchange& exchange,
                       const WorldHooks& hooks = {});

}  // namespace outrider::simulations
