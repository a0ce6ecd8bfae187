// The aggregator of a virtual world: core, disk and crashes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>

#include "simulations/world/bounds.h"
#include "simulations/world/ledger.h"
#include "simulations/world/postman.h"
#include "simulations/world/virtual_disk.h"

namespace outrider::simulations {

class AggregatorNode {
 public:
  AggregatorNode(const WorldOptions& options, Postman& postman);

  // The packets that arrive at one moment share a commit, as in the daemon.
  void receive(std::span<const Event> packets, Instant now);
  void claimed(const Event& claim) const;
  void timer(Instant now);
  void crash(Instant now, std::uint64_t which);
  void restart();
  void fill_disk();
  // For scripts. It dies and is back at once, with what is on its disk.
  void start_over();
  void lose_power_in_next_commit(std::uint32_t dice) { disk_.lose_power_in_next_commit(dice); }
  // It is back with what was on its disk then: what has happened since is lost, and promised no more.
  std::unique_ptr<MemoryStore> backup() const { return disk_.backup(); }
  void restore(std::unique_ptr<MemoryStore> backup);
  // Another aggregator, with a state of its own, takes its place and publishes the same.
  void replace();
  // The digest of what a replica holds that has caught up: what is merged to nothing, as updates of rounds are, is not
  // in it.
  Digest handed_out() const;
  // At the end: what is on the disk is what is known, and whoever asks for the status gets it. Throws Violation.
  void require_sound(Instant now) const;

  // kNever while it is down.
  Instant deadline() const { return core_ ? core_->deadline() : kNever; }
  const ClientId& id() const { return id_; }
  bool is_up() const { return core_ != nullptr; }
  const aggregator::Core& core() const { return *core_; }
  const Store& disk() const { return disk_; }
  const Ledger& ledger() const { return ledger_; }

  struct Counts {
    std::uint64_t malformed = 0;  // packets that are no message
    std::uint64_t missed = 0;     // packets that came while it was down
    std::uint64_t crashes = 0;
    std::uint64_t torn_writes = 0;  // crashes in the middle of a commit
    std::uint64_t refused_commits = 0;
    std::uint64_t refused = 0;  // contributions, for good
  };
  const Counts& counts() const { return counts_; }
  const Link& link_to(std::uint32_t client) const { return links_[client]; }

 private:
  using AllHeard = std::map<ClientId, Heard>;
  void apply(const aggregator::Effects& effects, const AllHeard& heard, Instant now);
  void note(const protocol::Knowledge& knowledge);
  void die(Instant now, std::uint64_t which);
  void start();
  void start_again();
  void publish();
  std::vector<std::unique_ptr<Family>> families() const { return options_.families(id_); }

  const WorldOptions& options_;
  Postman& postman_;
  ClientId id_;
  VirtualDisk disk_;
  std::unique_ptr<aggregator::Core> core_;
  Ledger ledger_;
  Bounds bounds_;
  std::vector<Link> links_;                    // by client
  std::vector<ClientId> ids_;                  // likewise
  std::map<ClientId, std::uint32_t> clients_;  // by id
  std::map<Revision, Digest> known_at_;        // what a replica of this revision holds, where one was handed out whole
  std::set<Revision> cut_at_;                  // answers that were cut end here: such a replica holds less
  Counts counts_;
};

}  // namespace outrider::simulations
