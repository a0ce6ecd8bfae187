#include "simulations/virtual_world.h"

#include <algorithm>
#include <utility>

#include "knowledge/error.h"
#include "protocol/codec.h"

namespace outrider::simulations {
VirtualWorld::VirtualWorld(std::uint64_t seed, NetworkFaults faults, Families families, aggregator::Limits limits)
    : seed_(seed),
      faults_(faults),
      families_(std::move(families)),
      limits_(limits),
      dice_(seed, "network"),
      aggregator_id_(ClientId::from_public_key(bytes_of("the virtual aggregator"))),
      aggregator_store_(std::make_unique<MemoryStore>()),
      aggregator_(
          std::make_unique<aggregator::Core>(aggregator_id_, *aggregator_store_, families_(aggregator_id_), limits_)) {}

VirtualWorld::~VirtualWorld() = default;

void VirtualWorld::publish(Bytes encoder, const std::vector<aggregator::BaseKnowledge>& base) {
  apply(aggregator_->publish(std::move(encoder), base));
}

std::size_t VirtualWorld::add_client(const std::string& name) {
  Node node{ClientId::from_public_key(bytes_of(name)), name, std::make_unique<MemoryStore>(), nullptr};
  start(node);
  index_[node.id] = clients_.size();
  clients_.push_back(std::move(node));
  return clients_.size() - 1;
}

void VirtualWorld::start(Node& node) {
  node.core = std::make_unique<client::Core>(node.id, node.name, *node.store,
                                             Random(seed_, "jitter of " + node.name, 0, node.lives++));
}

void VirtualWorld::learn(std::size_t client, client::Lesson lesson) {
  Node& node = clients_[client];
  apply(node, node.core->learned(std::move(lesson), now_));
}

void VirtualWorld::crash_client(std::size_t client) {
  start(clients_[client]);
}

void VirtualWorld::crash_aggregator() {
  aggregator_ =
      std::make_unique<aggregator::Core>(aggregator_id_, *aggregator_store_, families_(aggregator_id_), limits_);
}

void VirtualWorld::fail_next_commit() {
  aggregator_store_->fail_next_commits();
}

void VirtualWorld::restore_aggregator(std::unique_ptr<MemoryStore> backup) {
  aggregator_store_.swap(backup);
  crash_aggregator();
}

void VirtualWorld::restore_client(std::size_t client, std::unique_ptr<MemoryStore> backup) {
  clients_[client].store.swap(backup);
  start(clients_[client]);
}

void VirtualWorld::replace_aggregator() {
  aggregator_id_ = ClientId::from_public_key(aggregator_id_.view());
  restore_aggregator(std::make_unique<MemoryStore>());
}

void VirtualWorld::run_for(Instant duration) {
  const Instant end = now_ + duration;
  while (now_ < end) step();
}

bool VirtualWorld::settle(Instant longest) {
  const Instant end = now_ + longest;
  while (!settled()) {
    if (now_ >= end) return false;
    step();
  }
  return true;
}

bool VirtualWorld::settled() const {
  return std::ranges::all_of(clients_, [&](const Node& node) {
    return node.core->undecided() == 0 && node.core->replica() == aggregator_->revision() &&
           node.core->encoder() == aggregator_->encoder();
  });
}

// To the next event, or a millisecond on: every core's timer is looked at on the way.
void VirtualWorld::step() {
  Instant next = aggregator_->deadline();
  for (const Node& node : clients_) next = std::min(next, node.core->deadline());
  if (!in_flight_.empty()) next = std::min(next, in_flight_.begin()->first);
  now_ = std::clamp(next, now_ + Instant{1}, now_ + Instant{1000});
  while (!in_flight_.empty() && in_flight_.begin()->first <= now_) {
    const Packet packet = std::move(in_flight_.begin()->second);
    in_flight_.erase(in_flight_.begin());
    deliver(packet);
  }
  if (aggregator_->deadline() <= now_) apply(aggregator_->tick(now_));
  for (Node& node : clients_)
    if (node.core->deadline() <= now_) apply(node, node.core->tick(now_));
}

void VirtualWorld::deliver(const Packet& packet) {
  ++delivered_;
  const protocol::Message message = protocol::decode(packet.bytes);
  if (packet.to_aggregator) {
    apply(aggregator_->receive(message, now_));
  } else if (Node* node = node_of(message.client)) {
    apply(*node, node->core->receive(message, now_));
  }
}

void VirtualWorld::apply(Node& node, const client::Effects& effects) {
  if (!effects.writes.empty()) node.store->commit(effects.writes);
  for (const protocol::Message& message : effects.messages) transmit(true, message);
}

void VirtualWorld::apply(const aggregator::Effects& effects) {
  try {
    if (!effects.writes.empty()) aggregator_store_->commit(effects.writes);
  } catch (const InputError&) {
    crash_aggregator();  // as the daemon does: what is not durable is not acknowledged
    return;
  }
  for (const protocol::Message& message : effects.messages) transmit(false, message);
}

void VirtualWorld::transmit(bool to_aggregator, const protocol::Message& message) {
  const int copies = dice_.uniform() < faults_.duplication ? 2 : 1;
  const Bytes bytes = protocol::encode(message);
  for (int copy = 0; copy < copies; ++copy) {
    const auto range = static_cast<std::uint32_t>((faults_.longest_delay - faults_.shortest_delay).count() + 1);
    const Instant delay = faults_.shortest_delay + Instant(dice_.below(range));
    if (dice_.uniform() >= faults_.loss) in_flight_.emplace(now_ + delay, Packet{to_aggregator, bytes});
  }
}

VirtualWorld::Node* VirtualWorld::node_of(const ClientId& id) {
  const auto it = index_.find(id);
  return it == index_.end() ? nullptr : &clients_[it->second];
}

}  // namespace outrider::simulations
