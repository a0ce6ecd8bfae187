// A virtual world that a script drives step by step: who learns what and when, which message is lost, when the power
// goes. Nodes, network, disks and the ledger are those of the random world (mission_world.h).
#pragma once

#include <functional>
#include <memory>
#include <set>

#include "simulations/world/shard.h"

namespace outrider::simulations {

// Clients are connected from join() on. All that runs the world throws Violation, which says when it happened, if a
// promise is broken: after each event those of Ledger, Bounds and ClientNode, and at settle() that all know the same.
class ScriptedWorld {
 public:
  // Of the options steps, traits and disasters are not looked at: the script says what happens. What clients do by
  // themselves about what they are told is the curriculum's react(); it must outlive the world.
  explicit ScriptedWorld(WorldOptions options, const Curriculum& curriculum = nothing());

  // What is the same for all that only tests: everything is watched after every event.
  static WorldOptions options(std::uint64_t seed, std::size_t clients, Weather weather, WorldOptions::Families families,
                              Bytes definition);

  // The client comes for the first time; it stays.
  void join(std::uint32_t client);
  // What clients are to learn with from now on, and what is known of it already. Throws InputError where no family can
  // use it.
  void publish(const Bytes& definition, const std::vector<aggregator::BaseKnowledge>& base = {});
  // Its user teaches it. Whether it was up to learn, and what it has learned is durable.
  bool learn(std::uint32_t client, const client::Lesson& lesson);

  // Whether the client asks for nothing new, however often it hears that there is something: as a device whose link is
  // dear. At first none does.
  void let_wait(std::uint32_t client, bool waits);

  // The process dies and starts again at once with what is on its disk.
  void crash_client(std::uint32_t client);
  void crash_aggregator();
  // In the middle of its next commit; `dice` decides where. It comes back within a minute.
  void lose_power_of_client(std::uint32_t client, std::uint32_t dice);
  void lose_power_of_aggregator(std::uint32_t dice);
  // The aggregator's disk is full: the next commit fails.
  void fail_next_commit();
  // A restart from a backup: what happened after it was taken is lost.
  std::unique_ptr<MemoryStore> back_up_aggregator() const { return shard_.aggregator()->backup(); }
  std::unique_ptr<MemoryStore> back_up_client(std::uint32_t client) const { return shard_.client(client).backup(); }
  void restore_aggregator(std::unique_ptr<MemoryStore> backup);
  void restore_client(std::uint32_t client, std::unique_ptr<MemoryStore> backup);
  // Another aggregator with an empty state takes the place of this one, and publishes the same.
  void replace_aggregator();

  // Messages of which this is true are lost from now on, besides those that the weather takes.
  using Loses = std::function<bool(std::uint32_t client, const protocol::Message& message)>;
  void lose_where(Loses loses);

  void run_for(Instant duration);
  // Runs until this is so, at most for `longest`; returns whether it is. Looked at after every moment in which
  // something happens.
  bool run_until(const std::function<bool()>& holds, Instant longest);
  // Runs until every client that has joined has delivered all and has caught up, at most for `longest`; returns whether
  // they have.
  bool settle(Instant longest);

  // Whether the client and the aggregator are up, and it has delivered all and knows all that is known.
  bool has_caught_up(std::uint32_t client) const;
  const std::set<std::uint32_t>& joined() const { return joined_; }

  Instant now() const { return shard_.now(); }
  std::uint64_t events() const { return shard_.events(); }
  std::uint64_t lost() const { return static_cast<const Shard&>(shard_).postman().lost(); }
  const aggregator::Core& aggregator() const { return shard_.aggregator()->core(); }
  const Store& aggregator_store() const { return shard_.aggregator()->disk(); }
  const ClientId& aggregator_id() const { return shard_.aggregator()->id(); }
  // How many contributions were refused for good so far, and why the last one was.
  std::uint64_t refused() const { return shard_.aggregator()->counts().refused; }
  const std::string& last_refusal() const { return shard_.aggregator()->last_refusal(); }
  const Ledger& ledger() const { return shard_.aggregator()->ledger(); }
  const client::Core& client(std::uint32_t client) const { return shard_.client(client).core(); }
  const Store& client_store(std::uint32_t client) const { return shard_.client(client).disk(); }

 private:
  static const Curriculum& nothing();
  void watched(const std::function<void()>& action);
  void on_client(std::uint32_t client, const std::function<void(ClientNode&)>& action);
  void on_aggregator(const std::function<void(AggregatorNode&)>& action);
  void begin_other_history();
  bool settled() const;
  void require_agreement() const;

  WorldOptions options_;
  Shard shard_;
  std::set<std::uint32_t> joined_;
};

}  // namespace outrider::simulations
