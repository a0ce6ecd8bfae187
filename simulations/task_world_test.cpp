// Tasks under loss, repeats, reordering and crashes: twelve tasks of five clients, some taught by several.
#include <gtest/gtest.h>

#include "client/core/replica.h"
#include "learners/random.h"
#include "learners/supermask/merge.h"
#include "learners/supermask/ownership.h"
#include "simulations/world/scripted_world.h"
#include "simulations/world/test_masks.h"

namespace outrider::simulations {
namespace {

constexpr std::uint32_t kTeacherCount = 5;
constexpr std::size_t kTaskCount = 12;
constexpr Weather kQuiet{};
constexpr Weather kGale{.loss = 0.2, .duplication = 0.3, .shortest = Instant{1}, .longest = Instant{900}};

std::vector<std::unique_ptr<Family>> mask_families(const ClientId&) {
  std::vector<std::unique_ptr<Family>> families;
  families.push_back(std::make_unique<SupermaskFamily>());
  return families;
}

std::string task_name(std::size_t task) {
  return "task " + std::to_string(task);
}

// What a client would have learned: drawn from the task and the client alone. The first tasks have several teachers.
TaskRecord taught_record(std::size_t task, std::size_t client) {
  return drawn_record(Random(11, "record", task, client), task);
}

bool teaches(std::size_t client, std::size_t task) {
  return task % kTeacherCount == client || (task < 4 && (task + 1) % kTeacherCount == client);
}

class TaskFederation {
 public:
  explicit TaskFederation(std::uint64_t seed, Weather weather)
      : world(ScriptedWorld::options(seed, kTeacherCount, weather, mask_families, base_of_masks().encode())),
        order_(seed, "order") {
    for (std::uint32_t i = 0; i < kTeacherCount; ++i) world.join(i);
  }

  // Every client teaches its tasks in an order of its own; `between` happens after each.
  void teach(const std::function<void()>& between = [] {}) {
    std::vector<std::pair<std::uint32_t, std::size_t>> lessons;  // client, task
    for (std::uint32_t client = 0; client < kTeacherCount; ++client)
      for (std::size_t task = 0; task < kTaskCount; ++task)
        if (teaches(client, task)) lessons.emplace_back(client, task);
    order_.shuffle(std::span(lessons));
    for (const auto& [client, task] : lessons) {
      world.learn(client, {{std::string(kSupermaskKind), base_of_masks().id(), task_name(task)},
                           taught_record(task, client).encode(),
                           {1}});
      world.run_for(Instant{300});
      between();
    }
    ASSERT_TRUE(world.settle(std::chrono::minutes(30)));
  }

  NamedTasks known_at(std::uint32_t client) const {
    NamedTasks tasks;
    client::for_each_known(world.client_store(client), std::string(kSupermaskKind), base_of_masks().id(),
                           [&](const Topic& topic, ByteView payload) {
                             tasks.emplace_back(topic.subject, TaskRecord::decode(payload, base_of_masks()));
                           });
    return tasks;
  }

  ScriptedWorld world;

 private:
  Random order_;
};

struct Outcome {
  Digest knowledge;
  NamedTasks tasks;
};

const Outcome& quiet_outcome() {
  static const Outcome outcome = [] {
    TaskFederation federation(1, kQuiet);
    federation.teach();
    return Outcome{federation.world.aggregator().knowledge_digest(), federation.known_at(0)};
  }();
  return outcome;
}

void expect_quiet_outcome(const TaskFederation& federation) {
  ASSERT_EQ(quiet_outcome().tasks.size(), kTaskCount);
  EXPECT_EQ(federation.world.aggregator().knowledge_digest(), quiet_outcome().knowledge);
  const Ownership owners(base_of_masks(), quiet_outcome().tasks);
  for (std::uint32_t client = 0; client < kTeacherCount; ++client) {
    const NamedTasks known = federation.known_at(client);
    EXPECT_EQ(known, quiet_outcome().tasks) << "client " << client;
    EXPECT_EQ(Ownership(base_of_masks(), known), owners) << "client " << client;
  }
}

class TasksUnderEverySeed : public testing::TestWithParam<std::uint64_t> {};

TEST_P(TasksUnderEverySeed, AnyOrderLossRepeatsAndReorderingEndInTheSameBits) {
  TaskFederation federation(GetParam(), kGale);
  federation.teach();
  expect_quiet_outcome(federation);
}

TEST_P(TasksUnderEverySeed, AndSoDoCrashes) {
  TaskFederation federation(GetParam(), kGale);
  Random fate(GetParam(), "crashes");
  federation.teach([&] {
    const std::uint32_t victim = fate.below(kTeacherCount + 3);
    if (victim < kTeacherCount) federation.world.crash_client(victim);
    if (victim == kTeacherCount) federation.world.crash_aggregator();
    if (victim == kTeacherCount + 1) federation.world.fail_next_commit();
  });
  expect_quiet_outcome(federation);
}

INSTANTIATE_TEST_SUITE_P(Seeds, TasksUnderEverySeed, testing::Range<std::uint64_t>(1, 31));

}  // namespace
}  // namespace outrider::simulations
