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
  // Equal values of stores with that pool are in memory once.
  AggregatorNode(const WorldOptions& options, Postman& postman, std::shared_ptr<ValuePool> pool);

  // The packets that arrive at one moment share a commit, as in the daemon.
  void receive(std::span<const Event> packets, Instant now);
  void claimed(const Event& claim) const;
  void timer(Instant now);
  void crash(Instant now, std::uint64_t which);
  void restart();
  void fill_disk();
  // For scripts: what clients are to learn with from now on, and what is known of it already. Throws InputError where
  // no family can use it.
  void publish(const Bytes& definition, const std::vector<aggregator::BaseKnowledge>& base);
  // For scripts. It dies and is back at once, with what is on its disk.
  void start_over();
  void lose_power_in_next_commit(std::uint32_t dice) { disk_.lose_power_in_next_commit(dice); }
  // It is back with what was on its disk then: what has happened since is lost, and promised no more.
  std::unique_ptr<MemoryStore> backup() const { return disk_.backup(); }
  void restore(std::unique_ptr<MemoryStore> backup);
  // Another aggregator, with a state of its own, takes its place and publishes the same.
  void replace();
  // The digest of what a replica holds that has caught up, on a device of this capacity: what is merged to nothing, as
  // updates of rounds are, is not in it.
  Digest handed_out(const Capacity& capacity = {}) const;
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
  const std::string& last_refusal() const { return last_refusal_; }  // the sentence of the last that was for good
  const Link& link_to(std::uint32_t client) const { return links_[client]; }

 private:
  using AllHeard = std::map<ClientId, Heard>;
  void apply(const aggregator::Effects& effects, const AllHeard& heard, Instant now);
  void note(const ClientId& client, const protocol::Knowledge& knowledge);
  void die(Instant now, std::uint64_t which);
  void start();
  void start_again();
  void publish_all();
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
  // What a replica of this revision holds, where one was handed out whole.
  std::map<std::pair<Revision, Capacity>, Digest> known_at_;
  std::set<Revision> cut_at_;  // answers that were cut end here: such a replica holds less
  Counts counts_;
  std::string last_refusal_;
};

}  // namespace outrider::simulations
