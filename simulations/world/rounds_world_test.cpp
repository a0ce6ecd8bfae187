// A world whose clients train a model in rounds: under storms, with vandals who say updates of their own.
#include <gtest/gtest.h>

#include "client/families/averaging/known_model.h"
#include "learners/averaging/merge.h"
#include "learners/averaging/update_wire.h"
#include "learners/prototypical/class_state.h"
#include "learners/prototypical/merge.h"
#include "simulations/world/mission_world.h"

namespace outrider::simulations {
namespace {

constexpr std::uint64_t kRounds = 5;

averaging::LearningTask task_of_rounds(const std::string& strategy = "fedavg rate 1") {
  averaging::LearningTask task;
  task.preprocessing = {{1, 2, 2}, false, 0.5F, 0.5F};
  task.network = nn::parse_network("input 1x2x2; conv 2 k1; batchnorm; relu; flatten; linear 2");
  task.classes = {"cat", "dog"};
  task.strategy = averaging::parse_strategy(strategy);
  return task;
}

// Answers every round that asks for it, with an update that follows from client and round alone.
class RoundsCurriculum : public Curriculum {
 public:
  explicit RoundsCurriculum(averaging::LearningTask task = task_of_rounds()) : task_(std::move(task)) {}
  Session learn(std::uint32_t, std::size_t, const Store&) const override { return {}; }

  Session react(std::uint32_t client, const Store& store) const override {
    const auto given = client::known_round(store, space_, task_);
    if (!given || !given->memory.open || (task_.strategy.buffer == 0 && !given->asks(id_of_client(client)))) return {};
    const std::uint64_t round = given->state.round;
    const auto last = client::last_learned(store, space_, task_);
    if (last && last->round >= round) return {};
    Random random(5, "update", client, round);
    averaging::Update update{id_of_client(client), round, 10, {}, {}, 1};
    for (const nn::TensorSpec& tensor : averaging::shared_tensors(task_.network, task_.strategy)) {
      std::vector<float> values(tensor.size());
      for (float& value : values) value = 0.01F * random.uniform();
      update.delta.tensors.push_back({tensor, std::move(values)});
    }
    Bytes payload = averaging::encode_update(update, averaging::Encoding::kFloat32);
    const averaging::ClientMemory memory{round, Digest::of(payload), {}, {}, 1};
    const Topic topic{std::string(averaging::kAveragingKind), space_,
                      averaging::subject_of_update(task_.strategy, round)};
    Session session;
    session.lessons.push_back({topic, std::move(payload), memory.encode()});
    session.pictures = 10;
    session.may_come_too_late = true;
    return session;
  }

 private:
  averaging::LearningTask task_;
  const Digest space_ = task_.id();
};

WorldOptions world_of_rounds(std::uint64_t seed, bool stormy) {
  WorldOptions options;
  options.seed = seed;
  options.clients = 6;
  options.steps = 8;
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
    families.push_back(std::make_unique<averaging::AveragingFamily>(
        averaging::RoundRules{.cohort = 1, .minimum = 1, .duration = Instant{60'000}, .rounds = kRounds}));
    families.push_back(std::make_unique<PrototypicalFamily>([](ByteView) { return std::size_t{2}; }));
    return families;
  };
  options.definition = task_of_rounds().encode();
  options.watch = Watch::full;
  return options;
}

WorldSummary run_rounds(const WorldOptions& options, std::uint64_t& rounds, std::string& finished) {
  const RoundsCurriculum curriculum;
  NoExchange alone;
  WorldHooks hooks;
  hooks.step_over = [&](std::size_t step, const Shard& shard) {
    if (step < options.steps) return;
    const averaging::LearningTask task = task_of_rounds();
    const auto record = client::known_round(shard.client(0).disk(), task.id(), task);
    ASSERT_TRUE(record);
    rounds = record->state.round;
    finished = record->finished;
  };
  return run_world(options, curriculum, alone, hooks);
}

TEST(WorldOfRounds, TrainsToItsEndAndEverybodyKnowsTheModel) {
  std::uint64_t rounds = 0;
  std::string finished;
  const WorldSummary summary = run_rounds(world_of_rounds(1, false), rounds, finished);
  EXPECT_EQ(rounds, kRounds + 1) << "the one that would be next";
  EXPECT_FALSE(finished.empty());
  for (const ClientSummary& client : summary.clients) EXPECT_EQ(client.knowledge, summary.knowledge);
}

TEST(WorldOfRounds, DoesSoInEveryStorm) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    std::uint64_t rounds = 0;
    std::string finished;
    run_rounds(world_of_rounds(seed, true), rounds, finished);
    EXPECT_EQ(rounds, kRounds + 1) << seed;
    EXPECT_FALSE(finished.empty()) << seed;
  }
}

// The ledger that keeps no contents sees parts of updates come in any order, and again after a crash.
TEST(WorldOfRounds, DoesSoInPartsUnderTheLedgerOfLargeModels) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    WorldOptions options = world_of_rounds(seed, true);
    options.make_everything_large();
    options.watch = Watch::changes;
    std::uint64_t rounds = 0;
    std::string finished;
    run_rounds(options, rounds, finished);
    EXPECT_EQ(rounds, kRounds + 1) << seed;
  }
}

// Averages as it should, and from the second round on writes down a little more.
class LyingMerge : public Merge {
 public:
  explicit LyingMerge(std::unique_ptr<Merge> honest) : honest_(std::move(honest)) {}
  std::optional<std::string> open_space(const Digest& space, ByteView definition) override {
    return honest_->open_space(space, definition);
  }
  bool recognises(ByteView definition) const override { return honest_->recognises(definition); }
  std::unique_ptr<Decoded> read(const Contribution& of) const override { return honest_->read(of); }
  std::optional<std::string> objection_to(const Contribution& of, const Decoded& said) const override {
    return honest_->objection_to(of, said);
  }
  void take(const Contribution& of, Decoded& said) override { honest_->take(of, said); }
  void erase(const ClientId& client, const Topic& topic) override { honest_->erase(client, topic); }
  Bytes merged(const Topic& topic) const override { return honest_->merged(topic); }
  std::optional<std::uint64_t> most_bytes(const Topic& topic) const override { return honest_->most_bytes(topic); }
  void client_joined(const Capacity& capacity) override { honest_->client_joined(capacity); }
  bool visible_to(const Topic& topic, const Capacity& of) const override { return honest_->visible_to(topic, of); }
  Instant deadline() const override { return honest_->deadline(); }
  std::vector<OwnContribution> step(const Digest& space, const Present& present, Instant now) override {
    auto said = honest_->step(space, present, now);
    for (OwnContribution& own : said) {
      if (own.topic.subject != averaging::kModelSubject) continue;
      averaging::RoundRecord record = averaging::decode_round_record(own.payload, task_of_rounds());
      if (record.state.round < 2) continue;
      record.state.weights.tensors[0].values[0] += 0.001F;
      own.payload = averaging::encode(record);
    }
    return said;
  }

 private:
  std::unique_ptr<Merge> honest_;
};

class LyingFamily : public Family {
 public:
  std::string_view kind() const override { return averaging::kAveragingKind; }
  std::unique_ptr<Merge> make_merge() const override {
    return std::make_unique<LyingMerge>(
        averaging::AveragingFamily({.cohort = 1, .minimum = 1, .rounds = kRounds}).make_merge());
  }
};

TEST(WorldOfRounds, AnAggregatorThatAveragesALittleWrongIsSeenByEveryLedgerThatLooks) {
  for (const Watch watch : {Watch::light, Watch::changes, Watch::full})
    for (const bool in_parts : {false, true}) {
      WorldOptions options = world_of_rounds(1, false);
      options.families = [](const ClientId&) {
        std::vector<std::unique_ptr<Family>> families;
        families.push_back(std::make_unique<LyingFamily>());
        return families;
      };
      if (in_parts) options.make_everything_large();
      options.watch = watch;
      std::string seen;
      try {
        const RoundsCurriculum curriculum;
        NoExchange alone;
        run_world(options, curriculum, alone);
      } catch (const std::runtime_error& violation) {
        seen = violation.what();
      }
      if (watch == Watch::light) {
        EXPECT_EQ(seen, "");
      } else {
        EXPECT_NE(seen.find("the record of round 2 is not what its 1 updates come to"), std::string::npos) << seen;
      }
    }
}

struct Cohorts {
  const char* strategy;
  averaging::RoundRules rules;
};

// Clients stay, some are too slow for a round's deadline, and everything fails now and then.
WorldOptions world_of_cohorts(const Cohorts& cohorts, std::uint64_t seed) {
  WorldOptions options = world_of_rounds(seed, true);
  options.families = [rules = cohorts.rules](const ClientId&) {
    std::vector<std::unique_ptr<Family>> families;
    families.push_back(std::make_unique<averaging::AveragingFamily>(rules));
    return families;
  };
  options.definition = task_of_rounds(cohorts.strategy).encode();
  options.steps = 3;
  // Ten pictures in five seconds, or in forty: later than the deadline.
  options.traits = {Traits{.pictures_per_second = 2, .stays = true},
                    Traits{.pictures_per_second = 0.25, .stays = true}};
  options.kind_of_client = {0, 1, 0, 0, 1, 0};
  return options;
}

class WorldOfCohorts : public testing::TestWithParam<Cohorts> {};

TEST_P(WorldOfCohorts, TrainsOnInEveryStormAndKeepsItsPromises) {
  std::uint64_t rounds = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const WorldOptions options = world_of_cohorts(GetParam(), seed);
    const averaging::LearningTask task = task_of_rounds(GetParam().strategy);
    const RoundsCurriculum curriculum(task);
    NoExchange alone;
    WorldHooks hooks;
    hooks.step_over = [&](std::size_t step, const Shard& shard) {
      if (step < options.steps) return;
      const auto record = client::known_round(shard.client(0).disk(), task.id(), task);
      ASSERT_TRUE(record);
      rounds += record->state.round;
    };
    const WorldSummary summary = run_world(options, curriculum, alone, hooks);
    EXPECT_GT(summary.accepted, 10U) << seed;
  }
  EXPECT_GT(rounds, 15U);
}

constexpr averaging::RoundRules kThreeAsked{.cohort = 3, .minimum = 2, .duration = Instant{20'000}};
// Whoever likes takes part in these: there would be no end.
constexpr averaging::RoundRules kTenRounds{.cohort = 3, .minimum = 2, .duration = Instant{20'000}, .rounds = 10};
INSTANTIATE_TEST_SUITE_P(Strategies, WorldOfCohorts,
                         testing::Values(Cohorts{"fedavg rate 1", kThreeAsked},
                                         Cohorts{"fedavg rate 1; late sqrt limit 2", kThreeAsked},
                                         Cohorts{"fedadam rate 0.01", kThreeAsked},
                                         Cohorts{"fedavg rate 1; median", kThreeAsked},
                                         Cohorts{"fedbuff 3", kTenRounds}));

// They say updates, excuses and records in thousands of names; none of them is in a cohort for long.
TEST(WorldOfRounds, VandalsDoNotBreakIt) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    WorldOptions options = world_of_rounds(seed, true);
    Traits vandal;
    vandal.hostile = true;
    options.traits.push_back(vandal);
    options.kind_of_client = {0, 0, 1, 0, 0, 0};
    const averaging::LearningTask task = task_of_rounds();
    averaging::Update update;
    for (const nn::TensorSpec& tensor : averaging::shared_tensors(task.network, task.strategy))
      update.delta.tensors.push_back({tensor, std::vector<float>(tensor.size(), 0.25F)});
    const Bytes definition(100, 7);
    options.earlier_definitions.push_back(definition);
    options.samples.push_back(
        {{std::string(kPrototypeKind), Digest::of(definition), "nobody's class"}, encode(ClassState{1, {1, 2}, {}})});
    options.samples.push_back(
        {{std::string(averaging::kAveragingKind), task.id(), averaging::subject_of_update(task.strategy, 0)},
         averaging::encode_update(update, averaging::Encoding::kFloat32)});
    const RoundsCurriculum curriculum;
    NoExchange alone;
    const WorldSummary summary = run_world(options, curriculum, alone);
    EXPECT_GT(summary.aggregator.refused, 0U) << seed;
  }
}

}  // namespace
}  // namespace outrider::simulations
