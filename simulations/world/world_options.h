// What a world of virtual clients is like.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "aggregator/core/core.h"
#include "client/core/core.h"
#include "simulations/world/ledger.h"
#include "simulations/world/network.h"

namespace outrider::simulations {

// What clients learn. A pure function of its arguments, so that a client which lost what was not durable learns it
// again. Called from several threads.
class Curriculum {
 public:
  struct Session {
    std::vector<client::Lesson> lessons;
    std::size_t pictures = 0;        // that are new
    bool may_come_too_late = false;  // and be refused for it, as an update of a round that is over
  };

  virtual ~Curriculum() = default;
  // All that has come to the client up to and including this step and is not in its store as learned.
  virtual Session learn(std::uint32_t client, std::size_t step, const Store& store) const = 0;
  // What the client does about what it has been told, as training a round that asks for it: called whenever it has
  // caught up, until there is nothing.
  virtual Session react(std::uint32_t /*client*/, const Store& /*store*/) const { return {}; }
};

// What a kind of device is like.
struct Traits {
  double pictures_per_second = 100;
  double bytes_per_second = 0;  // of its link, each way; 0: no limit
  // Hours of the day; the world begins at midnight. A span may go past midnight; equal: always.
  double available_from = 0;
  double available_until = 0;
  double drift = 0;        // the clock goes wrong by up to this share, either way
  Instant clock_jump{0};   // and is off by up to this at every start
  bool dishonest = false;  // sends what an honest client never would
  // Its user's words are nasty, and beside it somebody says such words, numbers and sizes in many names (vandal.h); its
  // own core is as honest as others.
  bool hostile = false;
  bool lies = false;  // what it has learned may be refused
  bool stays =
      false;  // connected from its first rendezvous to the last: then it is there when something is asked of it
};

// Something that a family takes, for hostile clients to twist; the first of a world is a class state.
struct Sample {
  Topic topic;
  Bytes payload;
};

struct Disasters {                         // means of Poisson processes
  double client_crashes_per_hour = 0;      // of each client; half of them in the middle of a write
  double aggregator_crashes_per_hour = 0;  // likewise
  double full_disks_per_hour = 0;          // the aggregator's next commit fails
};

struct WorldOptions {
  // Of an aggregator with this id: it may be a teacher like no other.
  using Families = std::function<std::vector<std::unique_ptr<Family>>(const ClientId& aggregator)>;

  std::uint64_t seed = 1;
  std::size_t clients = 1;
  // Each client has a rendezvous at a random moment of each step.
  std::size_t steps = 1;
  Instant step_length{3'600'000};
  // After the last step the weather is fair and nothing crashes any more: by then everything must have been delivered.
  Instant calm{3'600'000};
  std::vector<Traits> traits{Traits{}};
  std::vector<std::uint8_t> kind_of_client;  // indexes `traits`; empty: all are of the first kind
  std::vector<Capacity> capacities;          // by client; empty: nobody says what its device can do
  Weather weather;
  Disasters disasters;
  Families families;
  Bytes definition;  // that is published at the beginning; empty: a script publishes it
  std::vector<aggregator::BaseKnowledge> base;
  std::vector<Bytes> earlier_definitions;  // that were published before the definition; their spaces stay open
  std::vector<Sample> samples;             // one at least where clients are hostile
  aggregator::Limits limits;
  client::PartSizes parts;
  Watch watch = Watch::light;
  std::uint64_t most_payload_bytes = Ledger::kMostPayloadBytes;  // of an honest client
  bool scripted = false;  // nobody has a rendezvous by itself: a script says what happens (scripted_world.h)

  const Traits& traits_of(std::uint32_t client) const {
    return traits[kind_of_client.empty() ? 0 : kind_of_client[client]];
  }
  Capacity capacity_of(std::uint32_t client) const { return capacities.empty() ? Capacity{} : capacities[client]; }
  // A few numbers travel as a network of 100 MB does: in parts, both ways. And little is kept of what was replaced.
  void make_everything_large() {
    limits.inline_bytes = parts.inline_bytes = 40;
    limits.uploads.part_bytes = 24;
    parts.part_bytes = 32;
    limits.history = {.bytes = 400};
  }
  // So low that hostile clients come up against them.
  void make_everything_scarce() {
    limits.roster = {.clients = 2'000, .newcomers = 50};
    limits.status_entries = 10;
    limits.knowledge_entries = 5;
    limits.knowledge_bytes = 2'000;
    limits.revision_entries = 4;
    limits.revision_bytes = 2'000;
    limits.uploads.unfinished_bytes = 100'000;
  }
  // Whether the aggregator may forget what was taken back: who has been away too long then begins anew.
  bool forgets() const {
    return limits.catalogue.withdrawn < aggregator::CatalogueLimits{}.withdrawn ||
           limits.history.records < aggregator::HistoryLimits{}.records;
  }
  Instant mission_end() const { return step_length * static_cast<Instant::rep>(steps); }
  Instant end() const { return mission_end() + calm; }
};

std::string name_of_client(std::uint32_t client);
ClientId id_of_client(std::uint32_t client);
ClientId id_of_aggregator();

}  // namespace outrider::simulations
