#include "simulations/virtual_fleet/federation_world.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "aggregator/families/prototypical.h"
#include "knowledge/error.h"
#include "learners/averaging/merge.h"
#include "learners/growing/merge.h"
#include "learners/prototypical/merge.h"
#include "learners/random.h"
#include "learners/supermask/merge.h"
#include "simulations/virtual_fleet/hostile_samples.h"

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
  traits.lies = profile.lies;
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

// What a real aggregator finds in the encoder; or, where points stand for embeddings, in these.
EmbeddingSpace space_of(const Federation& federation, const EmbeddedData& data) {
  if (federation.data.kind != kGaussians) return aggregator::embedding_space(data.encoder);
  EmbeddingSpace space(data.dimension);
  for (std::size_t i = 0; i < data.train.size(); ++i) {
    double squares = 0;
    for (const float x : data.train.embedding(i)) squares += static_cast<double>(x) * static_cast<double>(x);
    space.largest_norm = std::max(space.largest_norm, std::sqrt(squares));
  }
  return space;
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

std::vector<bool> liars_of(const Federation& federation, std::uint64_t seed) {
  std::vector<bool> liars;
  for (const std::uint8_t profile : profiles_of(federation, seed)) liars.push_back(federation.profiles[profile].lies);
  return liars;
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
  AdmissionRules admission = federation.admission;
  admission.base_teacher = id_of_aggregator();
  world.families = [space = space_of(federation, data), admission](const ClientId&) {
    std::vector<std::unique_ptr<Family>> families;
    families.push_back(std::make_unique<PrototypicalFamily>(
        [space](ByteView definition) {
          if (BaseNetwork::recognises(definition)) throw InputError("it is a base network");
          return space;
        },
        admission));
    families.push_back(std::make_unique<SupermaskFamily>());
    families.push_back(std::make_unique<averaging::AveragingFamily>());
    families.push_back(std::make_unique<growing::GrowingFamily>());
    return families;
  };
  world.definition = data.encoder;
  world.base = data.base_knowledge();
  world.watch = watch;
  if (std::ranges::any_of(federation.profiles, &ClientProfile::hostile)) add_samples(data, world);
  if (!world.samples.empty() && Random(seed, "scarcity").below(2) == 0) world.make_everything_scarce();
  if (federation.swarm) draw_weather(world);
  return world;
}

}  // namespace outrider::simulations
