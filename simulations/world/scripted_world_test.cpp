// The protocol under a script: whatever is lost, repeated, overtaken or dies, everybody comes to know the same.
#include "simulations/world/scripted_world.h"

#include <gtest/gtest.h>

#include "learners/prototypical/class_state.h"
#include "learners/prototypical/merge.h"

namespace outrider::simulations {
namespace {

constexpr std::size_t kDimension = 8;
constexpr Weather kCalm{};
constexpr Weather kStorm{.loss = 0.2, .duplication = 0.3, .shortest = Instant{1}, .longest = Instant{900}};

std::vector<std::unique_ptr<Family>> script_families(const ClientId& aggregator) {
  std::vector<std::unique_ptr<Family>> result;
  AdmissionRules rules = AdmissionRules::usual();
  rules.base_teacher = aggregator;
  result.push_back(std::make_unique<PrototypicalFamily>([](ByteView) { return kDimension; }, rules));
  return result;
}

Bytes encoder_blob() {
  return Bytes(700'000, 7);
}  // three chunks
Digest space() {
  return Digest::of(encoder_blob());
}

client::Lesson lesson(std::size_t client, std::size_t number) {
  Random random(99, "lesson", client, number);
  ClassStateBuilder builder(kDimension);
  for (std::size_t example = 0; example < 3 * kDimension; example += kDimension) {
    std::vector<float> embedding(kDimension);
    for (float& x : embedding) x = 10 * random.normal();
    builder.add(embedding);
  }
  // Numbers collide on purpose: clients teach common classes and teach them again.
  const std::string subject = "class " + std::to_string(number % 3 == 0 ? number % 4 : 10 * client + number % 5);
  return {{std::string(kPrototypeKind), space(), subject}, encode(builder.state()), {1, 2, 3}};
}

class Federation {
 public:
  explicit Federation(std::uint64_t seed, Weather weather, std::uint32_t clients = 2, aggregator::Limits limits = {})
      : world(options_of(seed, weather, clients, limits)), clients_(clients) {
    for (std::uint32_t i = 0; i < clients; ++i) world.join(i);
  }

  // Every client learns twelve lessons, spread over time; `between` happens after each round.
  void teach(const std::function<void(std::size_t round)>& between = [](std::size_t) {}) {
    for (std::size_t round = 0; round < 12; ++round) {
      for (std::uint32_t client = 0; client < clients_; ++client) world.learn(client, lesson(client, round));
      world.run_for(Instant{700});
      between(round);
    }
    ASSERT_TRUE(world.settle(std::chrono::minutes(30)));
  }

  // The replica as the client would use it.
  Digest replica_of(std::uint32_t client) const {
    Hasher hasher;
    client::for_each_known(world.client_store(client), std::string(kPrototypeKind), space(),
                           [&](const Topic& topic, ByteView payload) {
                             hasher.field(topic.kind).field(topic.space.view()).field(topic.subject).field(payload);
                           });
    return hasher.finish();
  }

  void expect_same_as(const Digest& knowledge) const {
    EXPECT_EQ(world.aggregator().knowledge_digest(), knowledge);
    for (std::uint32_t client = 0; client < clients_; ++client) EXPECT_EQ(replica_of(client), knowledge) << client;
  }

  ScriptedWorld world;

 private:
  // There is room for one who comes late.
  static WorldOptions options_of(std::uint64_t seed, const Weather& weather, std::uint32_t clients,
                                 const aggregator::Limits& limits) {
    WorldOptions options = ScriptedWorld::options(seed, clients + 1, weather, script_families, encoder_blob());
    options.base = {{std::string(kPrototypeKind), "base", lesson(7, 7).payload}};
    options.limits = limits;
    return options;
  }

  std::uint32_t clients_;
};

Digest calm_result() {
  static const Digest digest = [] {
    Federation federation(1, kCalm);
    federation.teach();
    return federation.world.aggregator().knowledge_digest();
  }();
  return digest;
}

class EverySeed : public testing::TestWithParam<std::uint64_t> {};

TEST_P(EverySeed, LossRepeatsAndReorderingChangeNothing) {
  Federation federation(GetParam(), kStorm);
  federation.teach();
  federation.expect_same_as(calm_result());
}

TEST_P(EverySeed, CrashesChangeNothing) {
  Federation federation(GetParam(), kStorm);
  Random fate(GetParam(), "crashes");
  federation.teach([&](std::size_t) {
    const std::uint32_t victim = fate.below(4);
    if (victim < 2) federation.world.crash_client(victim);
    if (victim == 2) federation.world.crash_aggregator();
    if (victim == 3) federation.world.fail_next_commit();
    federation.world.run_for(Instant(fate.below(500)));
  });
  federation.expect_same_as(calm_result());
}

// Half a revision is there when the aggregator goes on to the next, or either side dies.
TEST_P(EverySeed, PagesWithinRevisionsChangeNothing) {
  aggregator::Limits limits;
  limits.knowledge_entries = 1;
  Federation federation(GetParam(), kStorm, 2, limits);
  Random fate(GetParam(), "crashes between pages");
  federation.teach([&](std::size_t) {
    const std::uint32_t victim = fate.below(6);
    if (victim < 2) federation.world.crash_client(victim);
    if (victim == 2) federation.world.crash_aggregator();
    federation.world.run_for(Instant(fate.below(500)));
  });
  federation.expect_same_as(calm_result());
}

// What was taken back is forgotten at once, and whoever may have it still begins anew.
TEST_P(EverySeed, WhatIsForgottenIsNowhere) {
  aggregator::Limits limits;
  limits.knowledge_entries = 1;
  limits.catalogue.withdrawn = 1;
  Federation federation(GetParam(), kStorm, 2, limits);
  Random fate(GetParam(), "crashes while things are forgotten");
  federation.teach([&](std::size_t round) {
    for (std::size_t number = 0; number < round; number += 3)
      for (const std::uint32_t client : {0U, 1U})
        federation.world.learn(client, {lesson(client, number).topic, {}, {}});
    const std::uint32_t victim = fate.below(6);
    if (victim < 2) federation.world.crash_client(victim);
    if (victim == 2) federation.world.crash_aggregator();
    federation.world.run_for(Instant(fate.below(500)));
  });
  for (const std::uint32_t client : {0U, 1U}) {
    EXPECT_EQ(federation.replica_of(client), federation.world.aggregator().knowledge_digest());
    EXPECT_EQ(federation.world.client(client).replica(), federation.world.aggregator().revision());
  }
}

// Decisions of which nothing is merged go as soon as there is one more, so repeats find none.
TEST_P(EverySeed, RecordsThatGoChangeNothing) {
  aggregator::Limits limits;
  limits.history = {.bytes = 0, .payloads = 0, .records = 0, .refusals = 0};
  Federation federation(GetParam(), kStorm, 2, limits);
  Random fate(GetParam(), "crashes while records go");
  federation.teach([&](std::size_t round) {
    if (round < 11)  // what is taught again after it was taken back, and what is not
      for (const std::uint32_t client : {0U, 1U}) federation.world.learn(client, {lesson(client, round).topic, {}, {}});
    const std::uint32_t victim = fate.below(6);
    if (victim < 2) federation.world.crash_client(victim);
    if (victim == 2) federation.world.crash_aggregator();
    if (victim == 3) federation.world.fail_next_commit();
    federation.world.run_for(Instant(fate.below(500)));
  });
  Federation other(1, {}, 2);
  other.teach([&](std::size_t round) {
    if (round < 11)
      for (const std::uint32_t client : {0U, 1U}) other.world.learn(client, {lesson(client, round).topic, {}, {}});
  });
  federation.expect_same_as(other.world.aggregator().knowledge_digest());
}

TEST_P(EverySeed, AnAggregatorRestoredFromABackupIsToldAgain) {
  Federation federation(GetParam(), kStorm);
  std::unique_ptr<MemoryStore> backup;
  federation.teach([&](std::size_t round) {
    if (round == 3) backup = federation.world.back_up_aggregator();
    if (round == 8) federation.world.restore_aggregator(std::move(backup));
  });
  federation.expect_same_as(calm_result());
}

TEST_P(EverySeed, AReplacedAggregatorIsToldAgain) {
  Federation federation(GetParam(), kStorm);
  federation.teach([&](std::size_t round) {
    if (round == 6) federation.world.replace_aggregator();
  });
  federation.expect_same_as(calm_result());
}

TEST_P(EverySeed, AClientRestoredFromABackupLosesNothingThatItTeachesAfterwards) {
  Federation federation(GetParam(), kStorm);
  std::unique_ptr<MemoryStore> backup;
  federation.teach([&](std::size_t round) {
    if (round == 2) backup = federation.world.back_up_client(0);
    if (round == 4) federation.world.restore_client(0, std::move(backup));
  });
  // It forgot that it had taught rounds 3 and 4; the aggregator did not, unless they were never delivered.
  EXPECT_EQ(federation.replica_of(0), federation.world.aggregator().knowledge_digest());
  EXPECT_EQ(federation.replica_of(1), federation.world.aggregator().knowledge_digest());
  Federation taught_again(GetParam(), kStorm);
  taught_again.teach([&](std::size_t round) {
    if (round == 2) backup = taught_again.world.back_up_client(0);
    if (round != 4) return;
    taught_again.world.restore_client(0, std::move(backup));
    taught_again.world.learn(0, lesson(0, 3));
    taught_again.world.learn(0, lesson(0, 4));
  });
  taught_again.expect_same_as(calm_result());
}

INSTANTIATE_TEST_SUITE_P(Seeds, EverySeed, testing::Range<std::uint64_t>(1, 21));

TEST(ScriptedWorld, OneSeedOneHistory) {
  Federation a(5, kStorm);
  Federation b(5, kStorm);
  a.teach();
  b.teach();
  EXPECT_EQ(a.world.now(), b.world.now());
  EXPECT_EQ(a.world.events(), b.world.events());
  EXPECT_EQ(a.world.aggregator().revision(), b.world.aggregator().revision());
}

TEST(ScriptedWorld, ANewcomerCatchesUpWithEverything) {
  Federation federation(3, kStorm);
  federation.teach();
  constexpr std::uint32_t late = 2;
  federation.world.join(late);
  ASSERT_TRUE(federation.world.settle(std::chrono::minutes(5)));
  EXPECT_EQ(federation.replica_of(late), calm_result());
}

TEST(ScriptedWorld, RefusedContributionsDoNotBlockTheNext) {
  Federation federation(4, kStorm);
  client::Lesson wrong = lesson(0, 1);
  wrong.topic.space = Digest::of(bytes_of("another encoder"));
  federation.world.learn(0, wrong);
  wrong = lesson(0, 1);
  wrong.payload = Bytes{1, 2, 3};
  federation.world.learn(0, wrong);
  federation.teach();
  federation.expect_same_as(calm_result());
}

TEST(ScriptedWorld, WhoWaitsAsksForNothingNewUntilItMay) {
  Federation federation(1, kCalm);
  ASSERT_TRUE(federation.world.settle(std::chrono::minutes(1)));
  federation.world.let_wait(1, true);
  ASSERT_TRUE(federation.world.learn(0, lesson(0, 1)));
  EXPECT_FALSE(federation.world.settle(std::chrono::minutes(2)));
  EXPECT_TRUE(federation.world.has_caught_up(0));
  EXPECT_FALSE(federation.world.has_caught_up(1));
  EXPECT_LT(federation.world.client(1).replica(), federation.world.client(1).newest()) << "it hears that there is news";
  federation.world.let_wait(1, false);
  EXPECT_TRUE(federation.world.settle(std::chrono::seconds(5)));
}

}  // namespace
}  // namespace outrider::simulations
