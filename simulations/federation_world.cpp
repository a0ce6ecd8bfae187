#include "simulations/federation_world.h"

#include <algorithm>
#include <numeric>

#include "knowledge/error.h"
#include "learners/prototypical/merge.h"
#include "learners/random.h"
#include "learners/supermask/merge.h"

namespace outrider::simulations {
namespace {

constexpr Instant kCalm{3'600'000};

Instant milliseconds(double count) {
  return Instant(static_cast<Instant::rep>(count));
}

Traits traits_of(const ClientProfile& profile) {
  Traits traits;
  traits.pictures_per_second = profile.pictures_per_second;
  traits.bytes_per_second = profile.kilobits_per_second * 1000 / 8;
  traits.available_from = profile.available_from;
  traits.available_until = profile.available_until;
  traits.drift = profile.clock_drift_ppm * 1e-6;
  traits.clock_jump = milliseconds(profile.clock_jump_seconds * 1000);
  traits.dishonest = profile.dishonest;
  traits.hostile = profile.hostile;
  return traits;
}

Weather weather_of(const NetworkPlan& network) {
  Weather weather;
  weather.loss = network.loss;
  weather.duplication = network.duplication;
  weather.delay = network.delay;
  weather.shortest = Instant(network.shortest_delay_ms);
  weather.longest = Instant(network.longest_delay_ms);
  weather.partitions_per_hour = network.partitions_per_hour;
  weather.partition_length = milliseconds(network.partition_minutes * 60'000);
  weather.partition_share = network.partition_share;
  return weather;
}

// A network so small that a task of it is a few bytes.
BaseNetwork small_base() {
  BaseNetwork base;
  base.preprocessing = {{1, 2, 2}, false, 0.5F, 0.5F};
  base.network = nn::parse_network("input 1x2x2; flatten; linear 3 nobias");
  base.density = 0.5;
  return base;
}

TaskRecord small_task() {
  TaskRecord task{{"cat", "dog"}, 12, 1, {}, {}};
  LayerMask layer;
  for (std::size_t i = 0; i < 12; ++i) layer.kept.push_back(i % 2 == 0 ? 1 : 0);
  layer.values.assign(6, 0.25F);
  task.layers.push_back(std::move(layer));
  return task;
}

// What hostile clients twist: states of classes, and tasks in a space of their own.
void add_samples(const EmbeddedData& data, WorldOptions& world) {
  const ClassState state{3, std::vector<float>(data.dimension, 1.5F), std::vector<float>(data.dimension, 0.5F)};
  const Topic topic{std::string(kPrototypeKind), data.space, "nobody's class"};
  for (const Precision precision : {Precision::float32, Precision::float16, Precision::int8})
    world.samples.push_back({topic, encode(state, precision)});
  const BaseNetwork base = small_base();
  world.earlier_definitions.push_back(base.encode());
  world.samples.push_back({{std::string(kSupermaskKind), base.id(), "nobody's task"}, small_task().encode()});
}

std::size_t dimension_of(ByteView definition, std::size_t dimension) {
  if (BaseNetwork::recognises(definition)) throw InputError("it is a base network");
  return dimension;
}

void draw_weather(WorldOptions& world) {
  Random dice(world.seed, "the swarm's weather");
  for (double* fault : {&world.weather.loss, &world.weather.duplication, &world.weather.partitions_per_hour,
                        &world.disasters.client_crashes_per_hour, &world.disasters.aggregator_crashes_per_hour,
                        &world.disasters.full_disks_per_hour}) {
    const std::uint32_t level = dice.below(3);
    *fault = level == 0 ? 0 : level == 1 ? *fault / 3 : *fault;
  }
  if (dice.below(3) == 0) world.weather.longest = world.weather.shortest;  // nothing overtakes anything
  if (dice.below(2) == 0) world.make_everything_large();
}

}  // namespace

std::vector<std::uint8_t> profiles_of(const Federation& federation, std::uint64_t seed) {
  const double total = std::accumulate(federation.profiles.begin(), federation.profiles.end(), 0.0,
                                       [](double sum, const ClientProfile& profile) { return sum + profile.share; });
  std::vector<std::uint8_t> kinds(federation.plan.clients);
  for (std::size_t client = 0; client < kinds.size(); ++client) {
    double left = static_cast<double>(Random(seed, "profile", client).uniform()) * total;
    while (kinds[client] + 1U < federation.profiles.size() && left >= federation.profiles[kinds[client]].share)
      left -= federation.profiles[kinds[client]++].share;
  }
  return kinds;
}

WorldOptions world_of(const Federation& federation, const EmbeddedData& data, std::uint64_t seed, Watch watch) {
  WorldOptions world;
  world.seed = seed;
  world.clients = federation.plan.clients;
  world.steps = federation.plan.rendezvous;
  world.step_length = std::max(Instant{1}, milliseconds(federation.plan.hours_between * 3'600'000));
  world.calm = kCalm;
  world.traits.clear();
  for (const ClientProfile& profile : federation.profiles) world.traits.push_back(traits_of(profile));
  world.kind_of_client = profiles_of(federation, seed);
  world.weather = weather_of(federation.network);
  world.disasters = {federation.crashes.clients_per_hour, federation.crashes.aggregator_per_hour,
                     federation.crashes.full_disks_per_hour};
  world.families = [dimension = data.dimension] {
    std::vector<std::unique_ptr<Family>> families;
    families.push_back(std::make_unique<PrototypicalFamily>(
        [dimension](ByteView definition) { return dimension_of(definition, dimension); }));
    families.push_back(std::make_unique<SupermaskFamily>());
    return families;
  };
  world.encoder = data.encoder;
  world.base = data.base_knowledge();
  world.watch = watch;
  if (std::ranges::any_of(federation.profiles, &ClientProfile::hostile)) add_samples(data, world);
  if (!world.samples.empty() && Random(seed, "scarcity").below(2) == 0) world.make_everything_scarce();
  if (federation.swarm) draw_weather(world);
  return world;
}

}  // namespace outrider::simulations
