// A world whose clients' networks grow into one: under storms, with vandals who say networks of their own.
#include <gtest/gtest.h>

#include "client/families/growing/known_growth.h"
#include "learners/growing/merge.h"
#include "learners/growing/mixture_wire.h"
#include "learners/prototypical/class_state.h"
#include "learners/prototypical/merge.h"
#include "simulations/world/mission_world.h"

namespace outrider::simulations {
namespace {

growing::GrowingTask task_of_growth() {
  growing::GrowingTask task;
  task.preprocessing = {{1, 2, 2}, false, 0.5F, 0.5F};
  task.small = {.part = nn::parse_network("input 1x2x2; conv 2 k1; batchnorm; relu; flatten; linear 2"),
                .templates = 1,
                .parts = 1};
  task.classes = {"cat", "dog"};
  return task;
}

// Everybody says a small network, and when they have grown into one, what it has trained of that.
class GrowingCurriculum : public Curriculum {
 public:
  Session learn(std::uint32_t client, std::size_t, const Store& store) const override {
    const Topic topic = client::growing_topic(space_, growing::kSmallSubject);
    if (client::lesson_memory(store, topic)) return {};
    return lesson(topic, growing::encode_mixture(growing::MixtureNetwork::initial(task_.small, client)));
  }
  Session react(std::uint32_t client, const Store& store) const override {
    const Topic topic = client::growing_topic(space_, growing::kCrossingSubject);
    const auto growth = client::known_growth(store, space_, task_);
    if (!growth || client::lesson_memory(store, topic)) return {};
    return lesson(topic, growing::Crossing::of(growth->grown(), growth->event.id(), 10 + client).encode());
  }

 private:
  static Session lesson(const Topic& topic, const Bytes& payload) {
    Session session;
    session.lessons.push_back({topic, payload, payload});
    session.pictures = 10;
    return session;
  }

  const growing::GrowingTask task_ = task_of_growth();
  const Digest space_ = task_.id();
};

WorldOptions world_of_growth(std::uint64_t seed, bool stormy) {
  WorldOptions options;
  options.seed = seed;
  options.clients = 5;
  options.steps = 4;
  options.step_length = Instant{120'000};
  options.calm = Instant{1'200'000};
  options.weather = {.shortest = Instant{5}, .longest = Instant{50}};
  if (stormy) {
    options.weather = {
        .loss = 0.1, .duplication = 0.3, .delay = Delay::pareto, .shortest = Instant{5}, .longest = Instant{2'000}};
    options.disasters = {.client_crashes_per_hour = 20, .aggregator_crashes_per_hour = 20, .full_disks_per_hour = 10};
  }
  options.families = [](const ClientId&) {
    std::vector<std::unique_ptr<Family>> families;
    families.push_back(std::make_unique<growing::GrowingFamily>());
    families.push_back(std::make_unique<PrototypicalFamily>([](ByteView) { return std::size_t{2}; }));
    return families;
  };
  options.definition = task_of_growth().encode();
  options.watch = Watch::full;
  return options;
}

// Whether the first client knows the growth, and what was trained of it.
WorldSummary run_growth(const WorldOptions& options, bool& grown) {
  const GrowingCurriculum curriculum;
  NoExchange alone;
  WorldHooks hooks;
  hooks.step_over = [&](std::size_t step, const Shard& shard) {
    if (step < options.steps) return;
    const growing::GrowingTask task = task_of_growth();
    const Store& disk = shard.client(0).disk();
    const auto growth = client::known_growth(disk, task.id(), task);
    grown = growth && client::known_crossing(disk, task.id(), task, growth->event.id());
  };
  return run_world(options, curriculum, alone, hooks);
}

TEST(WorldOfGrowth, NetworksGrowIntoOneThatEverybodyKnows) {
  bool grown = false;
  const WorldSummary summary = run_growth(world_of_growth(1, false), grown);
  EXPECT_TRUE(grown);
  EXPECT_EQ(summary.accepted, 11U) << "five small networks, five crossings and the growth";
}

TEST(WorldOfGrowth, DoesSoInEveryStorm) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    bool grown = false;
    run_growth(world_of_growth(seed, true), grown);
    EXPECT_TRUE(grown) << seed;
  }
}

TEST(WorldOfGrowth, VandalsDoNotBreakIt) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    WorldOptions options = world_of_growth(seed, true);
    Traits vandal;
    vandal.hostile = true;
    options.traits.push_back(vandal);
    options.kind_of_client = {0, 0, 1, 0, 0};
    const Bytes definition(100, 7);
    options.earlier_definitions.push_back(definition);
    options.samples.push_back(
        {{std::string(kPrototypeKind), Digest::of(definition), "nobody's class"}, encode(ClassState{1, {1, 2}, {}})});
    const growing::GrowingTask task = task_of_growth();
    options.samples.push_back({client::growing_topic(task.id(), growing::kSmallSubject),
                               growing::encode_mixture(growing::MixtureNetwork::initial(task.small, seed))});
    bool grown = false;
    const WorldSummary summary = run_growth(options, grown);
    EXPECT_TRUE(grown) << seed;
    EXPECT_GT(summary.aggregator.refused, 0U) << seed;
  }
}

}  // namespace
}  // namespace outrider::simulations
