#include "simulations/world/mission_world.h"

#include <thread>

#include <gtest/gtest.h>

#include "learners/prototypical/class_state.h"
#include "simulations/world/gaussian_curriculum.h"

namespace outrider::simulations {
namespace {

std::vector<std::unique_ptr<Family>> prototype_families(const ClientId&) {
  std::vector<std::unique_ptr<Family>> families;
  families.push_back(std::make_unique<PrototypicalFamily>([](ByteView) { return GaussianCurriculum::kDimension; }));
  return families;
}

WorldOptions quiet_world(std::uint64_t seed = 1) {
  WorldOptions options;
  options.seed = seed;
  options.clients = 6;
  options.steps = 4;
  options.step_length = Instant{120'000};
  options.calm = Instant{600'000};
  options.weather = {.shortest = Instant{5}, .longest = Instant{50}};
  options.families = prototype_families;
  options.definition = Bytes(700'000, 7);
  options.watch = Watch::full;
  return options;
}

// Everything that can go wrong does.
WorldOptions stormy_world(std::uint64_t seed) {
  WorldOptions options = quiet_world(seed);
  options.weather = {.loss = 0.2,
                     .duplication = 0.3,
                     .delay = Delay::pareto,
                     .shortest = Instant{5},
                     .longest = Instant{3'000},
                     .partitions_per_hour = 20,
                     .partition_length = Instant{30'000},
                     .partition_share = 0.5};
  options.disasters = {.client_crashes_per_hour = 60, .aggregator_crashes_per_hour = 60, .full_disks_per_hour = 30};
  Traits skewed;
  skewed.drift = 0.05;
  skewed.clock_jump = Instant{5'000'000};
  skewed.bytes_per_second = 200'000;
  Traits liar;
  liar.dishonest = true;
  options.traits = {Traits{}, skewed, liar};
  options.kind_of_client = {0, 1, 0, 1, 0, 2};
  return options;
}

// As stormy, and two of six have nasty words and vandals beside them.
WorldOptions hostile_world(std::uint64_t seed) {
  WorldOptions options = stormy_world(seed);
  Traits vandal;
  vandal.hostile = true;
  options.traits.push_back(vandal);
  options.kind_of_client = {0, 3, 0, 1, 3, 2};
  const ClassState state{3, std::vector<float>(GaussianCurriculum::kDimension, 1.5F), {}};
  const Topic topic{std::string(kPrototypeKind), Digest::of(options.definition), "nobody's class"};
  for (const Precision precision : {Precision::float32, Precision::int8})
    options.samples.push_back({topic, encode(state, precision)});
  options.make_everything_scarce();
  return options;
}

WorldSummary run_alone(const WorldOptions& options) {
  const GaussianCurriculum curriculum(7, 5, Digest::of(options.definition));
  NoExchange alone;
  return run_world(options, curriculum, alone);
}

WorldSummary run_on_threads(const WorldOptions& options, std::uint32_t ranks) {
  const GaussianCurriculum curriculum(7, 5, Digest::of(options.definition));
  Meeting meeting(ranks);
  std::vector<WorldSummary> summaries(ranks);
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t rank = 0; rank < ranks; ++rank)
      threads.emplace_back([&, rank] {
        ThreadExchange exchange(meeting, rank);
        summaries[rank] = run_world(options, curriculum, exchange);
      });
  }
  return summaries[0];
}

TEST(MissionWorld, EverybodyLearnsEverything) {
  const WorldSummary summary = run_alone(quiet_world());
  EXPECT_EQ(summary.clients.size(), 6U);
  EXPECT_GT(summary.accepted, 20U);
  EXPECT_EQ(summary.lost, 0U);
  for (const ClientSummary& client : summary.clients) {
    EXPECT_TRUE(client.done);
    EXPECT_EQ(client.knowledge, summary.knowledge);
    EXPECT_EQ(client.rendezvous, 6U);
  }
}

TEST(MissionWorld, EverybodyKnowsTheBaseFromTheStart) {
  WorldOptions options = quiet_world();
  const ClassState base{3, std::vector<float>(GaussianCurriculum::kDimension, 1.5F), {}};
  options.base = {{std::string(kPrototypeKind), "base class", encode(base)}};
  EXPECT_NE(run_alone(options).knowledge, run_alone(quiet_world()).knowledge);
}

TEST(MissionWorld, WhatTravelsInPartsComesToTheSame) {
  WorldOptions options = quiet_world();
  options.make_everything_large();
  const WorldSummary in_parts = run_alone(options);
  const WorldSummary whole = run_alone(quiet_world());
  EXPECT_EQ(in_parts.knowledge, whole.knowledge);
  EXPECT_EQ(in_parts.accepted, whole.accepted);
  EXPECT_GT(in_parts.events, whole.events);
}

TEST(MissionWorld, WhatTravelsInPartsSurvivesEveryStorm) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    WorldOptions options = stormy_world(seed);
    options.make_everything_large();
    const WorldSummary summary = run_alone(options);
    EXPECT_GT(summary.client_crashes() + summary.aggregator.crashes, 0U);
  }
}

TEST(MissionWorld, NastyWordsAndSizesHarmNobody) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const WorldSummary summary = run_alone(hostile_world(seed));
    EXPECT_GT(summary.aggregator.malformed, 0U) << "what the codec refuses";
    EXPECT_GT(summary.aggregator.refused, 0U) << "and what the merge refuses";
    EXPECT_GT(summary.accepted, 20U) << "while the others are heard";
    for (const ClientSummary& client : summary.clients)
      if (client.client != 5) {
        EXPECT_EQ(client.knowledge, summary.knowledge) << client.client;
      }
  }
}

TEST(MissionWorld, NastyWordsAreTheSameForTheSameSeed) {
  EXPECT_EQ(run_alone(hostile_world(3)).events, run_alone(hostile_world(3)).events);
}

TEST(MissionWorld, OneSeedOneHistory) {
  const WorldSummary a = run_alone(stormy_world(3));
  const WorldSummary b = run_alone(stormy_world(3));
  EXPECT_EQ(a.events, b.events);
  EXPECT_EQ(a.clients, b.clients);
  EXPECT_NE(a.events, run_alone(stormy_world(4)).events);
}

TEST(MissionWorld, TheNumberOfRanksChangesNothing) {
  for (const WorldOptions& options : {quiet_world(2), stormy_world(5)}) {
    const WorldSummary alone = run_alone(options);
    for (const std::uint32_t ranks : {2U, 3U}) {
      const WorldSummary together = run_on_threads(options, ranks);
      EXPECT_EQ(together.events, alone.events);
      EXPECT_EQ(together.lost, alone.lost);
      EXPECT_EQ(together.knowledge, alone.knowledge);
      EXPECT_EQ(together.clients, alone.clients);
    }
  }
}

TEST(MissionWorld, BadWeatherChangesNothingOfWhatIsLearned) {
  const Digest calm = run_alone(quiet_world()).knowledge;
  WorldSummary total;
  for (std::uint64_t seed = 1; seed <= 15; ++seed) {
    WorldOptions options = stormy_world(seed);
    options.kind_of_client[5] = 0;  // honest like the others
    const WorldSummary summary = run_alone(options);
    EXPECT_EQ(summary.knowledge, calm) << "seed " << seed;
    total.lost += summary.lost;
    total.aggregator.crashes += summary.aggregator.crashes;
    total.aggregator.torn_writes += summary.aggregator.torn_writes;
    total.aggregator.refused_commits += summary.aggregator.refused_commits;
    total.events += summary.client_crashes();
  }
  EXPECT_GT(total.lost, 100U);  // the weather was bad indeed
  EXPECT_GT(total.aggregator.crashes, 5U);
  EXPECT_GT(total.aggregator.torn_writes, 2U);
  EXPECT_GT(total.aggregator.refused_commits, 2U);
  EXPECT_GT(total.events, 5U);
}

TEST(MissionWorld, ALiarChangesNothingOfWhatOthersTeach) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    WorldOptions options = quiet_world(seed);
    Traits liar;
    liar.dishonest = true;
    options.traits.push_back(liar);
    options.kind_of_client = {0, 0, 0, 0, 0, 1};
    const WorldSummary summary = run_alone(options);
    EXPECT_GT(summary.aggregator.malformed + summary.aggregator.refused, 0U);
  }
}

// A curriculum whose clients do not teach what they remember.
class Forgetful : public GaussianCurriculum {
 public:
  using GaussianCurriculum::GaussianCurriculum;
  Session learn(std::uint32_t client, std::size_t step, const Store& store) const override {
    Session session = GaussianCurriculum::learn(client, step, store);
    if (client == 2 && step == 2) throw Violation("client 2 says so");
    return session;
  }
};

TEST(MissionWorld, ABrokenPromiseStopsAllRanksAndSaysWhen) {
  const WorldOptions options = quiet_world();
  const Forgetful curriculum(7, 5, Digest::of(options.definition));
  Meeting meeting(3);
  std::vector<std::string> sentences(3);
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t rank = 0; rank < 3; ++rank)
      threads.emplace_back([&, rank] {
        ThreadExchange exchange(meeting, rank);
        try {
          run_world(options, curriculum, exchange);
        } catch (const Violation& violation) {
          sentences[rank] = violation.what();
        }
      });
  }
  EXPECT_NE(sentences[0].find(" ms, event "), std::string::npos) << sentences[0];
  EXPECT_NE(sentences[0].find("client 2 says so"), std::string::npos) << sentences[0];
  EXPECT_FALSE(sentences[1].empty());
  EXPECT_FALSE(sentences[2].empty());
}

}  // namespace
}  // namespace outrider::simulations
