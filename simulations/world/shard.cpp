#include "simulations/world/shard.h"

#include <utility>

#include <fmt/format.h>

#include "learners/random.h"

namespace outrider::simulations {
namespace {

// So many packets of a client may be on their way; more would mean that somebody floods the network.
constexpr std::size_t kPacketsPerNode = 2'000;

}  // namespace

Shard::Shard(const WorldOptions& options, const Curriculum& curriculum, Placement placement)
    : options_(options),
      placement_(placement),
      outgoing_(placement.ranks),
      postman_(options, [this](Event event) { accept(std::move(event)); }),
      around_{options, curriculum, postman_, std::make_shared<ValuePool>()} {
  populate();
}

void Shard::populate() {
  if (placement_.rank == 0) {
    aggregator_ = std::make_unique<AggregatorNode>(options_, postman_, around_.pool);
    plan_disaster(kAggregatorNode, EventKind::crash, options_.disasters.aggregator_crashes_per_hour, 0, Instant{0});
    plan_disaster(kAggregatorNode, EventKind::full_disk, options_.disasters.full_disks_per_hour, 0, Instant{0});
  }
  for (auto client = placement_.rank; client < options_.clients; client += placement_.ranks) {
    clients_.push_back(std::make_unique<ClientNode>(client, around_));
    timers_.push_back(kNever);
    if (!options_.scripted) plan_rendezvous(client);
    plan_disaster(client, EventKind::crash, options_.disasters.client_crashes_per_hour, 0, Instant{0});
  }
}

// One in each step; then, in fair weather, one to deliver what is left and one to learn what the others delivered.
void Shard::plan_rendezvous(std::uint32_t client) {
  Random dice(options_.seed, "when the rendezvous are", client);
  const auto within = [&](Instant length) {
    return Instant(static_cast<Instant::rep>(dice.uniform() * static_cast<float>(length.count())));
  };
  const auto wake = [&](Instant at, std::size_t step) { accept({at, client, EventKind::wake, step}); };
  for (std::size_t step = 0; step < options_.steps; ++step)
    wake(options_.step_length * static_cast<Instant::rep>(step) + within(options_.step_length), step);
  wake(options_.mission_end() + within(options_.calm / 4), options_.steps - 1);
  wake(options_.mission_end() + options_.calm / 2 + within(options_.calm / 4), options_.steps - 1);
}

void Shard::plan_disaster(std::uint32_t node, EventKind kind, double per_hour, std::uint64_t which, Instant after) {
  Random dice(options_.seed, kind == EventKind::crash ? "crashes" : "full disks", node, which);
  const Instant gap = poisson_gap(per_hour, dice.uniform());
  if (gap != kNever && after + gap < options_.mission_end()) queue_.push({after + gap, node, kind, which});
}

void Shard::accept(Event event) {
  if (placement_.holds(event.node)) {
    queue_.push(std::move(event));
  } else {
    outgoing_[placement_.rank_of(event.node)].push_back(std::move(event));
  }
}

std::vector<std::vector<Event>> Shard::take_outgoing() {
  return std::exchange(outgoing_, std::vector<std::vector<Event>>(placement_.ranks));
}

void Shard::advance(Instant horizon) {
  while (queue_.next() < horizon) {
    Event event = queue_.pop();
    now_ = event.at;
    ++events_;
    happen(std::move(event));
    if (queue_.size() > kPacketsPerNode * (clients_.size() + 1))
      throw Violation(
          fmt::format("{} events wait for {} nodes: memory is not bounded", queue_.size(), clients_.size() + 1));
  }
}

void Shard::pass_until(Instant moment) {
  advance(moment);
  now_ = std::max(now_, moment);
}

void Shard::act_on_aggregator(const std::function<void(AggregatorNode&)>& action) {
  action(*aggregator_);
  set_timer(kAggregatorNode, std::max(aggregator_->deadline(), now_ + Instant{1}), aggregator_timer_);
}

void Shard::act_on_client(std::uint32_t number, const std::function<void(ClientNode&)>& action) {
  const std::size_t index = number / placement_.ranks;
  action(*clients_[index]);
  set_timer(number, clients_[index]->deadline(now_), timers_[index]);
}

void Shard::happen(Event event) {
  if (event.node == kAggregatorNode) {
    if (event.kind == EventKind::timer && event.at == aggregator_timer_) aggregator_timer_ = kNever;
    happen_to_aggregator(std::move(event));
    set_timer(kAggregatorNode, std::max(aggregator_->deadline(), now_ + Instant{1}), aggregator_timer_);
    return;
  }
  const std::size_t index = event.node / placement_.ranks;
  if (event.kind == EventKind::timer && event.at == timers_[index]) timers_[index] = kNever;
  happen_to_client(*clients_[index], event);
  set_timer(event.node, clients_[index]->deadline(now_), timers_[index]);
}

void Shard::happen_to_aggregator(Event event) {
  switch (event.kind) {
    case EventKind::packet: {
      std::vector<Event> packets;
      packets.push_back(std::move(event));
      while (!queue_.empty() && queue_.front().at == now_ && queue_.front().node == kAggregatorNode &&
             queue_.front().kind == EventKind::packet) {
        packets.push_back(queue_.pop());
        ++events_;
      }
      return aggregator_->receive(packets, now_);
    }
    case EventKind::claim:
      return aggregator_->claimed(event);
    case EventKind::timer:
      return aggregator_->timer(now_);
    case EventKind::crash:
      aggregator_->crash(now_, event.order);
      return plan_disaster(kAggregatorNode, EventKind::crash, options_.disasters.aggregator_crashes_per_hour,
                           event.order + 1, now_);
    case EventKind::full_disk:
      aggregator_->fill_disk();
      return plan_disaster(kAggregatorNode, EventKind::full_disk, options_.disasters.full_disks_per_hour,
                           event.order + 1, now_);
    case EventKind::restart:
      return aggregator_->restart();
    case EventKind::wake:
    case EventKind::learned:
      break;
  }
}

void Shard::happen_to_client(ClientNode& client, const Event& event) {
  switch (event.kind) {
    case EventKind::packet:
      return client.receive(event, now_);
    case EventKind::timer:
      return client.timer(now_);
    case EventKind::wake:
      return client.wake(event.order, now_);
    case EventKind::learned:
      return client.learned(event.order, now_);
    case EventKind::crash:
      client.crash(now_);
      return plan_disaster(client.number(), EventKind::crash, options_.disasters.client_crashes_per_hour,
                           event.order + 1, now_);
    case EventKind::restart:
      return client.restart(now_);
    case EventKind::claim:
    case EventKind::full_disk:
      break;
  }
}

// A timer that comes too early is harmless: the node looks at its core's deadline again.
void Shard::set_timer(std::uint32_t node, Instant deadline, Instant& set) {
  if (deadline >= set) return;
  queue_.push({deadline, node, EventKind::timer, 0});
  set = deadline;
}

}  // namespace outrider::simulations
