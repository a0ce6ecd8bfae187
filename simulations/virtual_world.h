// An aggregator and its clients in one process, under a virtual clock and a network that misbehaves by a seed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "aggregator/core/core.h"
#include "client/core/core.h"
#include "learners/random.h"
#include "storage/memory_store.h"

namespace outrider::simulations {

// What happens to a message: each is drawn independently.
struct NetworkFaults {
  float loss = 0;
  float duplication = 0;
  Instant shortest_delay{1};
  Instant longest_delay{1};  // longer than the pause between messages: they overtake each other
};

// The cores that run in the field, driven by virtual time; every message passes through the wire format. Two worlds
// with one seed go through the same events. Crashes lose what was not committed, as kill -9 does.
class VirtualWorld {
 public:
  // Of an aggregator of this name: it may be a teacher like no other.
  using Families = std::function<std::vector<std::unique_ptr<Family>>(const ClientId& aggregator)>;

  VirtualWorld(std::uint64_t seed, NetworkFaults faults, Families families, aggregator::Limits limits = {});
  ~VirtualWorld();

  void publish(Bytes encoder, const std::vector<aggregator::BaseKnowledge>& base);
  // Clients are numbered from 0.
  std::size_t add_client(const std::string& name);
  void learn(std::size_t client, client::Lesson lesson);

  // The process dies and starts again at once with what is in its store.
  void crash_client(std::size_t client);
  void crash_aggregator();
  // The aggregator's store is full: the next commit fails.
  void fail_next_commit();
  // A restart from a backup: what happened after `backup` was taken is lost.
  std::unique_ptr<MemoryStore> back_up_aggregator() const { return aggregator_store_->reopened(); }
  std::unique_ptr<MemoryStore> back_up_client(std::size_t client) const { return clients_[client].store->reopened(); }
  void restore_aggregator(std::unique_ptr<MemoryStore> backup);
  void restore_client(std::size_t client, std::unique_ptr<MemoryStore> backup);
  // Another aggregator with an empty state takes the place of this one.
  void replace_aggregator();

  void run_for(Instant duration);
  // Runs until every client has delivered all and has caught up, at most for `longest`; returns whether they have.
  bool settle(Instant longest);

  Instant now() const { return now_; }
  const aggregator::Core& aggregator() const { return *aggregator_; }
  const client::Core& client(std::size_t index) const { return *clients_[index].core; }
  const Store& client_store(std::size_t index) const { return *clients_[index].store; }
  std::uint64_t delivered() const { return delivered_; }

 private:
  struct Node {
    ClientId id;
    std::string name;
    std::unique_ptr<MemoryStore> store;
    std::unique_ptr<client::Core> core;
    std::uint64_t lives = 0;
  };
  struct Packet {
    bool to_aggregator;
    Bytes bytes;
  };

  void start(Node& node);
  bool settled() const;
  void step();
  void deliver(const Packet& packet);
  void apply(Node& node, const client::Effects& effects);
  void apply(const aggregator::Effects& effects);
  void transmit(bool to_aggregator, const protocol::Message& message);
  Node* node_of(const ClientId& id);

  std::uint64_t seed_;
  NetworkFaults faults_;
  Families families_;
  aggregator::Limits limits_;
  Random dice_;
  Instant now_{0};
  ClientId aggregator_id_;
  std::unique_ptr<MemoryStore> aggregator_store_;
  std::unique_ptr<aggregator::Core> aggregator_;
  std::vector<Node> clients_;
  std::map<ClientId, std::size_t> index_;
  std::multimap<Instant, Packet> in_flight_;  // equal times keep the order of sending
  std::uint64_t delivered_ = 0;
};

}  // namespace outrider::simulations
