// A client of a virtual world. At rest it is its disk and a few numbers; only while it is on its way does it have a
// core.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "simulations/world/misled_client.h"
#include "simulations/world/postman.h"
#include "simulations/world/skewed_clock.h"
#include "simulations/world/virtual_disk.h"

namespace outrider::simulations {

// The digest of what a client's replica holds: equal to aggregator::Core::knowledge_digest() when it has everything.
Digest replica_digest(const Store& disk);

class ClientNode {
 public:
  struct Surroundings {
    const WorldOptions& options;
    const Curriculum& curriculum;
    Postman& postman;
    std::shared_ptr<ValuePool> pool;
  };

  ClientNode(std::uint32_t number, const Surroundings& around);

  void wake(std::size_t step, Instant now);
  void receive(const Event& packet, Instant now);
  void timer(Instant now);
  // `life`: in which it began to learn.
  void learned(std::uint64_t life, Instant now);
  void crash(Instant now);
  void restart(Instant now);

  // For scripts. Its user teaches it this at once; returns whether it is durable.
  bool teach(const client::Lesson& lesson, Instant now);
  // It dies and is back at once, with what is on its disk or, with a backup, what was on it then.
  void start_over(Instant now, std::unique_ptr<MemoryStore> backup = nullptr);
  void lose_power_in_next_commit(std::uint32_t dice) { disk_.lose_power_in_next_commit(dice); }
  std::unique_ptr<MemoryStore> backup() const { return disk_.backup(); }
  // Whether its link carries no question for what is new until it may again.
  void let_wait(bool waits, Instant now);
  // The aggregator has another history from now on: for once the replica may go back.
  void forgive_going_back() { may_go_back_ = true; }
  const client::Core& core() const { return *core_; }

  std::uint32_t number() const { return number_; }
  // On the world's clock; kNever while it rests.
  Instant deadline(Instant now) const;
  bool rests() const { return core_ == nullptr; }
  const Store& disk() const { return disk_; }
  // Whether everything that came to it is delivered, and it knows what the aggregator knew when it left.
  bool is_done() const { return !wanted_step_ || finished_step_ == wanted_step_; }

  struct Counts {
    std::uint32_t rendezvous = 0;
    std::uint32_t crashes = 0;
    std::uint32_t missed = 0;  // packets that came while it was at rest
    std::uint32_t pictures = 0;
    Instant on_its_way{};
  };
  const Counts& counts() const { return counts_; }
  const Link& link() const { return link_; }
  // What it last said durably on each topic, as the digest of the payload. With Watch::full.
  const std::map<Topic, Digest>& said() const { return said_; }

 private:
  void boot(Instant now);
  void go_on(Instant now);
  void begin(Curriculum::Session session, Instant now);
  void rest(Instant now);
  void die(Instant now);
  void fall(Instant now);
  bool has_caught_up() const;
  bool apply(const client::Effects& effects, Instant now);
  void check(Instant now);
  void send_hostile_packets(Instant now);
  void run_riot(Instant now);
  bool learn_nasty_lessons(Instant now);
  Instant local(Instant now) const { return clock_.local(now); }

  std::uint32_t number_;
  const Surroundings& around_;
  ClientId id_;
  VirtualDisk disk_;
  std::unique_ptr<client::Core> core_;
  SkewedClock clock_;
  Link link_;
  std::optional<Curriculum::Session> session_;  // being learned
  std::optional<std::uint32_t> wanted_step_;
  std::optional<std::uint32_t> learned_step_;  // in this life
  std::optional<std::uint32_t> finished_step_;
  std::uint32_t learning_step_ = 0;
  std::uint32_t lives_ = 0;
  std::uint32_t claims_ = 0;
  bool down_ = false;  // after a crash
  Revision replica_{};
  bool may_go_back_ = false;
  bool waits_ = false;
  std::optional<protocol::Message> question_;  // the last that its link has not carried
  Instant woken_{};
  Counts counts_;
  std::map<Topic, Digest> said_;
  std::optional<MisledClient> misled_;  // of a hostile one
  std::uint32_t riots_ = 0;
};

}  // namespace outrider::simulations
