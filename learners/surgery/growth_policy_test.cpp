#include "learners/surgery/growth_policy.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/surgery/growth_search.h"
#include "learners/surgery/test_networks.h"
#include "learners/training/training_cost.h"

namespace outrider::surgery {
namespace {

using ::testing::Each;
using ::testing::SizeIs;

GrowthPolicy policy_with_opinions(std::uint64_t seed) {
  GrowthPolicy policy({.hidden = 3}, seed);
  Random random(seed, "opinions");
  for (double& parameter : policy.parameters()) parameter = 0.5 * static_cast<double>(random.normal());
  return policy;
}

TEST(GrowthPolicy, DecidesAtRandomAtFirst) {
  const GrowthPolicy policy({}, 1);
  const auto network = nn::parse_network(kTestNetworks[0]);
  const GrowthChances chances = policy.chances(network);
  EXPECT_THAT(chances.widen, SizeIs(3));
  EXPECT_THAT(chances.widen, Each(0.5));
  EXPECT_THAT(chances.place, SizeIs(4));
  EXPECT_THAT(chances.place, Each(0.25));
}

TEST(GrowthPolicy, GradientsAreThoseOfFiniteDifferences) {
  constexpr double kAdvantage = 1.7;
  constexpr double kBonus = 0.3;
  for (const char* text : kTestNetworks)
    for (const GrowthKind kind : {GrowthKind::kWiden, GrowthKind::kDeepen}) {
      const auto network = nn::parse_network(text);
      GrowthPolicy policy = policy_with_opinions(3);
      Random random(5);
      const GrowthDecision decision = policy.draw(network, kind, random);
      policy.reinforce(network, decision, kAdvantage, kBonus);
      const auto objective = [&] {
        return kAdvantage * policy.log_probability(network, decision) + kBonus * policy.entropy(network, kind);
      };
      constexpr double kStep = 1e-5;
      for (std::size_t i = 0; i < policy.parameters().size(); i += 3) {
        const double here = policy.parameters()[i];
        policy.parameters()[i] = here + kStep;
        const double above = objective();
        policy.parameters()[i] = here - kStep;
        const double below = objective();
        policy.parameters()[i] = here;
        EXPECT_NEAR(policy.gradient()[i], (above - below) / (2 * kStep), 1e-7) << i;
      }
    }
}

TEST(GrowthPolicy, DrawsAsOftenAsItsChancesSay) {
  constexpr int kDraws = 1500;
  const GrowthPolicy policy = policy_with_opinions(2);
  const auto network = nn::parse_network(kTestNetworks[1]);
  const GrowthChances chances = policy.chances(network);
  std::vector<double> widened(chances.widen.size());
  std::vector<double> places(chances.place.size());
  Random random(1);
  for (int i = 0; i < kDraws; ++i) {
    const auto decision = policy.draw(network, GrowthKind::kWiden, random);
    for (std::size_t k = 0; k < widened.size(); ++k) widened[k] += decision.widen[k] ? 1.0 / kDraws : 0;
    places[policy.draw(network, GrowthKind::kDeepen, random).place] += 1.0 / kDraws;
  }
  for (std::size_t k = 0; k < widened.size(); ++k) EXPECT_NEAR(widened[k], chances.widen[k], 0.05);
  for (std::size_t k = 0; k < places.size(); ++k) EXPECT_NEAR(places[k], chances.place[k], 0.05);
}

TEST(GrowthReward, IsThatOfThePaperWithoutThePrices) {
  const auto small = nn::parse_network("input 4x1x1; linear 5; relu; linear 3");
  const auto twice = nn::parse_network("input 4x1x1; linear 10; relu; linear 3");
  EXPECT_NEAR(growth_reward({0.5}, small, small, {}), 1, 1e-12);
  EXPECT_NEAR(growth_reward({0.9}, small, small, {}), 6.3137515, 1e-6);
  EXPECT_NEAR(growth_reward({0.5, 7}, twice, small, {.bytes = 0.1, .operations = 0.01, .milliseconds = 0.02}),
              1 - 0.1 * 83 / 43 - 0.01 * 2 - 0.02 * 7, 1e-12);
  EXPECT_LT(growth_reward({1}, small, small, {}), 1000);
}

// Good is what is wide at first and narrow at the end.
Evaluation synthetic(const Grown& candidate) {
  const auto shapes = candidate.network.shapes();
  const double first = std::log2(static_cast<double>(shapes[1].channels));
  const double last = std::log2(static_cast<double>(shapes[shapes.size() - 2].channels));
  return {.accuracy = 0.6 + 0.05 * first - 0.05 * last};
}

double last_rewards(bool learns, std::uint64_t seed) {
  constexpr int kEpisodes = 240;
  constexpr int kLast = 60;
  const auto network = nn::parse_network("input 4x1x1; linear 4; relu; linear 4; relu; linear 4; relu; linear 3");
  GrowthSearch search(network, random_weights(network, 1), {.learns = learns, .hidden = 8, .rate = 0.03, .seed = seed},
                      [](const Grown& candidate, std::uint64_t) { return synthetic(candidate); });
  double sum = 0;
  for (int i = 0; i < kEpisodes; ++i) {
    const double reward = search.next().reward;
    if (i >= kEpisodes - kLast) sum += reward;
  }
  return sum / kLast;
}

TEST(GrowthSearch, LearnsWhatPays) {
  for (const std::uint64_t seed : {1, 2, 3}) EXPECT_GT(last_rewards(true, seed), last_rewards(false, seed) + 0.4);
}

TEST(GrowthSearch, IsTheSameForTheSameSeed) {
  EXPECT_EQ(last_rewards(true, 4), last_rewards(true, 4));
  EXPECT_NE(last_rewards(true, 4), last_rewards(true, 5));
}

TEST(GrowthSearch, StaysWithinTheCapacity) {
  const auto network = nn::parse_network("input 4x1x1; linear 4; relu; linear 3");
  GrowthSearchOptions options{.decisions = std::vector<GrowthKind>(6, GrowthKind::kWiden), .workload = {.batch = 2}};
  options.capacity.flops = 4 * training::training_cost(network, options.workload).flops;
  GrowthSearch search(network, random_weights(network, 1), options,
                      [](const Grown&, std::uint64_t) { return Evaluation{.accuracy = 0.5}; });
  bool grew = false;
  for (int i = 0; i < 10; ++i) {
    const Candidate candidate = search.next();
    EXPECT_LE(training::training_cost(candidate.network, options.workload).flops, options.capacity.flops);
    grew = grew || candidate.network != network;
  }
  EXPECT_TRUE(grew);
}

TEST(GrowthSearch, RefusesOptionsThatMakeNoSense) {
  const auto network = nn::parse_network("input 4x1x1; linear 4; relu; linear 3");
  const auto weights = random_weights(network, 1);
  for (const GrowthSearchOptions& options :
       {GrowthSearchOptions{.decisions = {}}, GrowthSearchOptions{.factor = 1}, GrowthSearchOptions{.batch = 0},
        GrowthSearchOptions{.rate = -1}, GrowthSearchOptions{.baseline_decay = 1}})
    EXPECT_THROW(GrowthSearch(network, weights, options, {}), InputError);
}

}  // namespace
}  // namespace outrider::surgery
