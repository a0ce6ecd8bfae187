#include "simulations/world/scripted_world.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "protocol/codec.h"

namespace outrider::simulations {
namespace {

constexpr Instant kForever = std::chrono::hours(1'000'000);  // the weather does not become fair, and nobody leaves

// Clients learn what the script tells them.
class NothingToLearn : public Curriculum {
 public:
  Session learn(std::uint32_t, std::size_t, const Store&) const override { return {}; }
};

WorldOptions as_scripted(WorldOptions options) {
  options.scripted = true;
  options.steps = 1;
  options.step_length = kForever;
  options.traits = {Traits{.stays = true}};
  options.kind_of_client.clear();
  options.disasters = {};
  return options;
}

}  // namespace

const Curriculum& ScriptedWorld::nothing() {
  static const NothingToLearn nothing;
  return nothing;
}

WorldOptions ScriptedWorld::options(std::uint64_t seed, std::size_t clients, Weather weather,
                                    WorldOptions::Families families, Bytes definition) {
  WorldOptions options;
  options.seed = seed;
  options.clients = clients;
  options.weather = weather;
  options.families = std::move(families);
  options.definition = std::move(definition);
  options.watch = Watch::full;
  return options;
}

ScriptedWorld::ScriptedWorld(WorldOptions options, const Curriculum& curriculum)
    : options_(as_scripted(std::move(options))), shard_(options_, curriculum, {}) {}

void ScriptedWorld::watched(const std::function<void()>& action) {
  try {
    action();
  } catch (const Violation& violation) {
    throw Violation(fmt::format("at {} ms, event {}: {}", now().count(), events(), violation.what()));
  }
}

void ScriptedWorld::on_client(std::uint32_t client, const std::function<void(ClientNode&)>& action) {
  watched([&] { shard_.act_on_client(client, action); });
}

void ScriptedWorld::on_aggregator(const std::function<void(AggregatorNode&)>& action) {
  watched([&] { shard_.act_on_aggregator(action); });
}

void ScriptedWorld::join(std::uint32_t client) {
  if (joined_.insert(client).second) on_client(client, [&](ClientNode& node) { node.wake(0, now()); });
}

bool ScriptedWorld::learn(std::uint32_t client, const client::Lesson& lesson) {
  bool durable = false;
  on_client(client, [&](ClientNode& node) { durable = node.teach(lesson, now()); });
  return durable;
}

void ScriptedWorld::publish(const Bytes& definition, const std::vector<aggregator::BaseKnowledge>& base) {
  on_aggregator([&](AggregatorNode& node) { node.publish(definition, base); });
}

void ScriptedWorld::let_wait(std::uint32_t client, bool waits) {
  on_client(client, [&](ClientNode& node) { node.let_wait(waits, now()); });
}

void ScriptedWorld::crash_client(std::uint32_t client) {
  on_client(client, [&](ClientNode& node) { node.start_over(now()); });
}

void ScriptedWorld::crash_aggregator() {
  on_aggregator([](AggregatorNode& node) { node.start_over(); });
}

void ScriptedWorld::lose_power_of_client(std::uint32_t client, std::uint32_t dice) {
  on_client(client, [&](ClientNode& node) { node.lose_power_in_next_commit(dice); });
}

void ScriptedWorld::lose_power_of_aggregator(std::uint32_t dice) {
  on_aggregator([&](AggregatorNode& node) { node.lose_power_in_next_commit(dice); });
}

void ScriptedWorld::fail_next_commit() {
  on_aggregator([](AggregatorNode& node) { node.fill_disk(); });
}

void ScriptedWorld::restore_aggregator(std::unique_ptr<MemoryStore> backup) {
  begin_other_history();
  on_aggregator([&](AggregatorNode& node) { node.restore(std::move(backup)); });
}

void ScriptedWorld::restore_client(std::uint32_t client, std::unique_ptr<MemoryStore> backup) {
  on_client(client, [&](ClientNode& node) { node.start_over(now(), std::move(backup)); });
}

void ScriptedWorld::replace_aggregator() {
  begin_other_history();
  on_aggregator([](AggregatorNode& node) { node.replace(); });
}

void ScriptedWorld::begin_other_history() {
  for (const std::uint32_t client : joined_) on_client(client, [](ClientNode& node) { node.forgive_going_back(); });
}

void ScriptedWorld::lose_where(Loses loses) {
  shard_.postman().lose_where([loses = std::move(loses)](std::uint32_t client, Direction, ByteView message) {
    return loses(client, protocol::decode(message));
  });
}

void ScriptedWorld::run_for(Instant duration) {
  watched([&] { shard_.pass_until(now() + duration); });
}

bool ScriptedWorld::run_until(const std::function<bool()>& holds, Instant longest) {
  const Instant end = now() + longest;
  while (!holds()) {
    const Instant next = shard_.next();
    if (next >= end) {
      run_for(end - now());
      return holds();
    }
    run_for(next + Instant{1} - now());
  }
  return true;
}

bool ScriptedWorld::settle(Instant longest) {
  if (!run_until([this] { return settled(); }, longest)) return false;
  watched([&] { require_agreement(); });
  return true;
}

bool ScriptedWorld::settled() const {
  return shard_.aggregator()->is_up() &&
         std::ranges::all_of(joined_, [&](std::uint32_t client) { return has_caught_up(client); });
}

bool ScriptedWorld::has_caught_up(std::uint32_t client) const {
  const AggregatorNode& node = *shard_.aggregator();
  if (!node.is_up() || shard_.client(client).rests()) return false;  // it has died
  const client::Core& core = shard_.client(client).core();
  return core.undecided() == 0 && core.replica() == node.core().revision() &&
         core.definition() == node.core().definition();
}

void ScriptedWorld::require_agreement() const {
  std::map<Capacity, Digest> known;
  for (const std::uint32_t client : joined_) {
    const auto [place, is_new] = known.try_emplace(options_.capacity_of(client));
    if (is_new) place->second = shard_.aggregator()->handed_out(place->first);
    if (replica_digest(client_store(client)) != place->second)
      throw Violation(fmt::format("{} holds something else than the aggregator's revision {}", name_of_client(client),
                                  number(aggregator().revision())));
  }
}

}  // namespace outrider::simulations
