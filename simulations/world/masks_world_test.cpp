// A world whose clients teach tasks as masks on one base network: whatever fails, all come to know the same bits.
#include <gtest/gtest.h>

#include "client/core/core.h"
#include "learners/random.h"
#include "learners/supermask/merge.h"
#include "simulations/world/mission_world.h"
#include "simulations/world/test_masks.h"

namespace outrider::simulations {
namespace {

constexpr std::uint32_t kMaskTeachers = 5;
constexpr std::size_t kMaskTasks = 12;
constexpr std::size_t kMaskSteps = 6;

// What a client has learned of a task, for the first or the second time: drawn from these alone.
TaskRecord learned_record(std::size_t task, std::uint32_t client, std::uint8_t time) {
  return drawn_record(Random(11 + time, "record", task, client), task);
}

// Two tasks come in each step, to one client or to two; those of the first step come again in the last.
class MaskCurriculum : public Curriculum {
 public:
  Session learn(std::uint32_t client, std::size_t step, const Store& store) const override {
    Session session;
    for (std::size_t task = 0; task < kMaskTasks; ++task) {
      if (!teaches(client, task) || step < task / 2) continue;
      const std::uint8_t time = task < 2 && step + 1 == kMaskSteps ? 2 : 1;
      const Topic topic{std::string(kSupermaskKind), space_, "task " + std::to_string(task)};
      if (client::lesson_memory(store, topic) == Bytes{time}) continue;
      session.lessons.push_back({topic, learned_record(task, client, time).encode(), {time}});
      session.pictures += 100;
    }
    return session;
  }

 private:
  static bool teaches(std::uint32_t client, std::size_t task) {
    return task % kMaskTeachers == client || (task < 4 && (task + 1) % kMaskTeachers == client);
  }

  const Digest space_ = base_of_masks().id();
};

WorldOptions world_of_masks(std::uint64_t seed) {
  WorldOptions options;
  options.seed = seed;
  options.clients = kMaskTeachers;
  options.steps = kMaskSteps;
  options.step_length = Instant{120'000};
  options.calm = Instant{1'200'000};
  options.weather = {.shortest = Instant{5}, .longest = Instant{50}};
  options.families = [](const ClientId&) {
    std::vector<std::unique_ptr<Family>> families;
    families.push_back(std::make_unique<SupermaskFamily>());
    return families;
  };
  options.definition = base_of_masks().encode();
  options.watch = Watch::full;
  return options;
}

WorldOptions stormy_world_of_masks(std::uint64_t seed) {
  WorldOptions options = world_of_masks(seed);
  options.weather = {.loss = 0.1,
                     .duplication = 0.3,
                     .delay = Delay::pareto,
                     .shortest = Instant{5},
                     .longest = Instant{2'000},
                     .partitions_per_hour = 60,
                     .partition_length = Instant{20'000},
                     .partition_share = 0.5};
  options.disasters = {.client_crashes_per_hour = 30, .aggregator_crashes_per_hour = 30, .full_disks_per_hour = 30};
  options.traits = {Traits{.drift = 0.01, .clock_jump = Instant{100'000}}};
  return options;
}

WorldSummary run_masks(const WorldOptions& options) {
  const MaskCurriculum curriculum;
  NoExchange alone;
  return run_world(options, curriculum, alone);
}

const Digest& calm_outcome() {
  static const Digest known = run_masks(world_of_masks(1)).knowledge;
  return known;
}

class WorldOfMasks : public testing::TestWithParam<std::uint64_t> {
 protected:
  static void expect_calm_outcome(const WorldSummary& summary) {
    EXPECT_EQ(summary.knowledge, calm_outcome());
    for (const ClientSummary& client : summary.clients) EXPECT_EQ(client.knowledge, calm_outcome());
    EXPECT_GT(summary.aggregator.crashes, 0U);
  }
};

TEST_P(WorldOfMasks, EndsInTheSameBitsInEveryStorm) {
  expect_calm_outcome(run_masks(stormy_world_of_masks(GetParam())));
}

TEST_P(WorldOfMasks, AndSoDoMasksThatTravelInParts) {
  WorldOptions options = stormy_world_of_masks(GetParam());
  options.make_everything_large();
  expect_calm_outcome(run_masks(options));
}

INSTANTIATE_TEST_SUITE_P(Seeds, WorldOfMasks, testing::Range<std::uint64_t>(1, 9));

TEST(CalmWorldOfMasks, KnowsWhatWasTaughtInTheLastStep) {
  WorldOptions shorter = world_of_masks(1);
  shorter.steps = kMaskSteps - 1;
  EXPECT_NE(run_masks(shorter).knowledge, calm_outcome());
}

}  // namespace
}  // namespace outrider::simulations
