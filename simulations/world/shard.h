// A part of a world: some of its clients, perhaps the aggregator, and what is to happen to them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "simulations/world/aggregator_node.h"
#include "simulations/world/client_node.h"
#include "simulations/world/event_queue.h"

namespace outrider::simulations {

// Which clients live where: client c on rank c mod ranks; the aggregator on rank 0.
struct Placement {
  std::uint32_t rank = 0;
  std::uint32_t ranks = 1;

  std::uint32_t rank_of(std::uint32_t node) const { return node == kAggregatorNode ? 0 : node % ranks; }
  bool holds(std::uint32_t node) const { return rank_of(node) == rank; }
};

// Used by one thread at a time.
class Shard {
 public:
  Shard(const WorldOptions& options, const Curriculum& curriculum, Placement placement);

  // When its next event is; kNever: none.
  Instant next() const { return queue_.next(); }
  // Everything that happens here before `horizon`. Events for other ranks are kept for them: none of them lies
  // before `horizon` if that is at most the shortest delay after the world's next event. Throws Violation.
  void advance(Instant horizon);
  // Events for the other ranks so far, by rank.
  std::vector<std::vector<Event>> take_outgoing();
  void accept(Event event);

  // For scripts, in a world of one rank: everything before that moment, which it is then; and what is done to a node
  // beside its events, whose timers are looked at afterwards.
  void pass_until(Instant moment);
  void act_on_aggregator(const std::function<void(AggregatorNode&)>& action);
  void act_on_client(std::uint32_t number, const std::function<void(ClientNode&)>& action);
  Postman& postman() { return postman_; }

  Instant now() const { return now_; }
  std::uint64_t events() const { return events_; }
  std::size_t waiting() const { return queue_.size(); }
  const Placement& placement() const { return placement_; }
  const WorldOptions& options() const { return options_; }
  const Postman& postman() const { return postman_; }
  // On rank 0 alone.
  const AggregatorNode* aggregator() const { return aggregator_.get(); }
  // Those that live here, in ascending order.
  const std::vector<std::unique_ptr<ClientNode>>& clients() const { return clients_; }
  const ClientNode& client(std::uint32_t number) const { return *clients_[number / placement_.ranks]; }

 private:
  void populate();
  void plan_rendezvous(std::uint32_t client);
  void plan_disaster(std::uint32_t node, EventKind kind, double per_hour, std::uint64_t which, Instant after);
  void happen(Event event);
  void happen_to_aggregator(Event event);
  void happen_to_client(ClientNode& client, const Event& event);
  void set_timer(std::uint32_t node, Instant deadline, Instant& set);

  const WorldOptions& options_;
  Placement placement_;
  EventQueue queue_;
  std::vector<std::vector<Event>> outgoing_;
  Postman postman_;
  ClientNode::Surroundings around_;
  std::unique_ptr<AggregatorNode> aggregator_;
  std::vector<std::unique_ptr<ClientNode>> clients_;
  std::vector<Instant> timers_;  // the earliest that is in the queue for each client
  Instant aggregator_timer_ = kNever;
  Instant now_{0};
  std::uint64_t events_ = 0;
};

}  // namespace outrider::simulations
