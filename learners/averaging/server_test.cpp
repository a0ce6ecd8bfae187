#include "learners/averaging/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/averaging/reference_server.h"
#include "learners/averaging/test_updates.h"

namespace outrider::averaging {
namespace {

using testing::HasSubstr;

constexpr unsigned kUpdatingClients = 7;
constexpr std::uint64_t kPopulation = 12;

const char* const kStrategies[] = {
    "fedavg",
    "fedavg rate 0.5; uniform",
    "fedavgm rate 0.7 momentum 0.8",
    "fedadagrad rate 0.1 beta1 0.2",
    "fedadam rate 0.05",
    "fedyogi rate 0.05 tau 0.01",
    "scaffold",
    "fedavg rate 0.8; scaffold; samples",
    "fedbn",
    "fedadam rate 0.02; fedbn; clip 0.3",
    "fedbuff 7",
    "fedavgm; fedbuff 7; late linear; samples",
    "median",
    "fedavg; trimmed 0.2",
    "krum 2",
    "fedavgm; multikrum 2 3",
    "clip 0.4",
    "median; clip 0.4; late sqrt limit 5",
};

// Several rounds; where the strategy takes late updates, some are.
std::vector<std::vector<Update>> random_rounds(const Strategy& strategy, std::uint64_t seed, std::uint64_t count = 6) {
  Random random(seed, "rounds");
  std::vector<std::vector<Update>> rounds;
  for (std::uint64_t round = 0; round < count; ++round) {
    rounds.push_back(random_updates(random, kUpdatingClients, round, small_network(), strategy));
    for (Update& update : rounds.back())
      if (strategy.late) update.round -= std::min<std::uint64_t>(round, random.below(4));
  }
  return rounds;
}

ServerState first_state(const Strategy& strategy, std::uint64_t seed = 5) {
  return ServerState::initial(small_network(), strategy, nn::Parameters::initial(small_network(), seed));
}

ServerState state_after(const Strategy& strategy, const std::vector<std::vector<Update>>& rounds, int threads = 1) {
  ServerState state = first_state(strategy);
  for (const auto& updates : rounds)
    state = apply_round(small_network(), strategy, state, updates, {.population = kPopulation, .threads = threads});
  return state;
}

void expect_near(const nn::Parameters& found, const ReferenceServer::Values& expected) {
  for (const nn::Tensor& tensor : found.tensors)
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      const double wanted = expected.at(tensor.spec.name)[i];
      ASSERT_NEAR(tensor.values[i], wanted, 2e-6 * (1 + std::abs(wanted))) << tensor.spec.name << " " << i;
    }
}

class EveryStrategy : public testing::TestWithParam<const char*> {};

TEST_P(EveryStrategy, FollowsTheFormulas) {
  const Strategy strategy = parse_strategy(GetParam());
  for (const std::uint64_t seed : {1, 2, 3}) {
    ServerState state = first_state(strategy);
    ReferenceServer reference(strategy, state.weights);
    for (const auto& updates : random_rounds(strategy, seed)) {
      reference.round(updates, state.round, kPopulation);
      state = apply_round(small_network(), strategy, state, updates, {.population = kPopulation});
      expect_near(state.weights, reference.x);
      expect_near(state.momentum, reference.m);
      expect_near(state.second, reference.v);
      expect_near(state.control, reference.c);
    }
    EXPECT_EQ(state.round, 6U);
    state.check(small_network(), strategy);
  }
}

TEST_P(EveryStrategy, GivesTheSameBitsInAnyOrderAndForAnyThreads) {
  const Strategy strategy = parse_strategy(GetParam());
  auto rounds = random_rounds(strategy, 4, 3);
  const ServerState expected = state_after(strategy, rounds);
  Random random(9, "order");
  for (const int threads : {1, 2, 3}) {
    for (auto& updates : rounds) random.shuffle(std::span(updates));
    EXPECT_EQ(state_after(strategy, rounds, threads), expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Averaging, EveryStrategy, testing::ValuesIn(kStrategies));

TEST(ApplyRound, GivesTheSameBitsForAnyThreadsOnLongTensors) {
  const auto network = nn::parse_network("input 300x1x1; linear 100; relu; linear 2");
  for (const char* text : {"fedavg", "median", "trimmed 0.3", "multikrum 1 2", "clip 0.5"}) {
    const Strategy strategy = parse_strategy(text);
    Random random(1, "long");
    const auto updates = random_updates(random, 5, 0, network, strategy);
    const auto state = ServerState::initial(network, strategy, nn::Parameters::initial(network, 1));
    const auto expected = apply_round(network, strategy, state, updates);
    for (const int threads : {2, 5, 0})
      EXPECT_EQ(apply_round(network, strategy, state, updates, {.threads = threads}), expected) << text;
  }
}

TEST(ApplyRound, LeavesLocalNormsAlone) {
  const Strategy strategy = parse_strategy("fedbn");
  const ServerState before = first_state(strategy);
  const ServerState after = state_after(strategy, random_rounds(strategy, 1));
  for (std::size_t i = 0; i < before.weights.tensors.size(); ++i)
    EXPECT_EQ(before.weights.tensors[i] == after.weights.tensors[i], before.weights.tensors[i].spec.layer == 1);
}

TEST(ApplyRound, IsNotMovedByAFewLiarsWhereTheCombinationIsRobust) {
  for (const char* text : {"median", "trimmed 0.3", "krum 2", "multikrum 2 3"}) {
    const Strategy strategy = parse_strategy(text);
    Random random(2, "liars");
    auto updates = random_updates(random, kUpdatingClients, 0, small_network(), strategy);
    for (std::size_t liar = 0; liar < 2; ++liar)
      for (nn::Tensor& tensor : updates[3 * liar].delta.tensors) std::ranges::fill(tensor.values, 1e6F);
    const ServerState state = first_state(strategy);
    const ServerState next = apply_round(small_network(), strategy, state, updates);
    for (std::size_t t = 0; t < state.weights.tensors.size(); ++t)
      for (std::size_t i = 0; i < state.weights.tensors[t].values.size(); ++i)
        EXPECT_LT(std::abs(next.weights.tensors[t].values[i] - state.weights.tensors[t].values[i]), 1) << text;
  }
}

TEST(ApplyRound, KeepsRunningVariancesFromFallingBelowZero) {
  const Strategy strategy;
  Random random(3, "variance");
  auto updates = random_updates(random, 2, 0, small_network(), strategy);
  for (Update& update : updates) std::ranges::fill(update.delta.at("1.running_variance").values, -2.0F);
  const ServerState next = apply_round(small_network(), strategy, first_state(strategy), updates);
  EXPECT_EQ(next.weights.at("1.running_variance").values, std::vector<float>(3, 0.0F));
}

// What apply_round() says of three updates after a change to one of them.
template <typename Change>
std::string round_error(const char* text, Change change, std::uint64_t round = 5) {
  const Strategy strategy = parse_strategy(text);
  ServerState state = first_state(strategy);
  state.round = round;
  Random random(4, "errors");
  auto updates = random_updates(random, 3, round, small_network(), strategy);
  change(updates);
  return objection_of([&] { apply_round(small_network(), strategy, state, updates, {.population = 3}); })
      .value_or("no error");
}

TEST(ApplyRound, RefusesUpdatesThatDoNotFit) {
  const auto error = [](auto change, const char* text = "fedavg") { return round_error(text, change); };
  EXPECT_EQ(error([](auto&) {}), "no error");
  EXPECT_THAT(error([](auto& updates) { updates.clear(); }), HasSubstr("round 5 has no updates"));
  EXPECT_THAT(error([](auto& updates) { updates.push_back(updates[0]); }), HasSubstr("has two updates of round 5"));
  EXPECT_THAT(error([](auto& updates) { updates[1].samples = 0; }),
              HasSubstr("the update of client 25010000 was learned from 0 samples"));
  EXPECT_THAT(error([](auto& updates) { updates[1].samples = Update::kMaxSamples + 1; }), HasSubstr("expected 1 to"));
  EXPECT_THAT(error([](auto& updates) { updates[1].delta.tensors.pop_back(); }),
              HasSubstr("has 7 tensors; expected 8"));
  EXPECT_THAT(error([](auto& updates) { updates[1].delta.tensors[0].values.pop_back(); }),
              HasSubstr("a tensor 0.weight of 26 values, shape 3x1x3x3; expected 0.weight of shape 3x1x3x3"));
  EXPECT_THAT(error([](auto& updates) { std::swap(updates[1].delta.tensors[0], updates[1].delta.tensors[1]); }),
              HasSubstr("expected 0.weight"));
  for (const float value : {NAN, INFINITY, -INFINITY})
    EXPECT_THAT(error([&](auto& updates) { updates[1].delta.at("4.bias").values[2] = value; }),
                HasSubstr("a value that is not finite in 4.bias"));
  EXPECT_THAT(error([](auto& updates) { updates[1].control = updates[1].delta; }),
              HasSubstr("its control variate, has 8 tensors; expected 0"));
  EXPECT_THAT(error([](auto& updates) { updates[1].control.tensors.clear(); }, "scaffold"),
              HasSubstr("its control variate, has 0 tensors; expected 6"));
  EXPECT_THAT(error([](auto& updates) { updates[1].control.tensors[0].values[0] = NAN; }, "scaffold"),
              HasSubstr("its control variate, has a value that is not finite"));
  EXPECT_THAT(error([](auto& updates) { updates[1].delta.at("4.bias").values[0] = 3e38F; }, "fedavg rate 1000"),
              HasSubstr("numbers that are not finite in 4.bias"));
}

TEST(ApplyRound, RefusesUpdatesOfTheWrongRound) {
  const auto error = [](std::uint64_t round, const char* text) {
    return round_error(text, [&](auto& updates) { updates[1].round = round; });
  };
  EXPECT_THAT(error(6, "late sqrt"), HasSubstr("is of round 6; expected at most 5"));
  EXPECT_THAT(error(4, "fedavg"), HasSubstr("is of round 4, which is over; the strategy takes none but"));
  EXPECT_THAT(error(2, "late sqrt limit 2"), HasSubstr("is of round 2, 3 rounds late; the strategy takes at most 2"));
  EXPECT_EQ(error(3, "late sqrt limit 2"), "no error");
}

TEST(ApplyRound, RefusesRoundsTooSmallForTheCombination) {
  EXPECT_THAT(round_error("krum 1", [](auto&) {}), HasSubstr("needs 5 updates or more; the round has 3"));
  EXPECT_EQ(round_error("krum 0", [](auto&) {}), "no error");
  EXPECT_THAT(round_error("multikrum 0 4", [](auto&) {}), HasSubstr("chooses 4 updates; the round has 3"));
  const Strategy strategy = parse_strategy("scaffold");
  Random random(4, "errors");
  const auto updates = random_updates(random, 3, 0, small_network(), strategy);
  EXPECT_THROW(apply_round(small_network(), strategy, first_state(strategy), updates, {.population = 2}), InputError);
}

TEST(ServerState, OfAnotherStrategyOrWithBadNumbersIsRefused) {
  const Strategy adam = parse_strategy("fedadam");
  ServerState state = first_state(adam);
  state.check(small_network(), adam);
  EXPECT_THROW(state.check(small_network(), parse_strategy("fedavg")), InputError);
  EXPECT_THROW(first_state(Strategy{}).check(small_network(), adam), InputError);
  state.second.tensors[0].values[0] = -1;
  EXPECT_THROW(state.check(small_network(), adam), InputError);
  state = first_state(adam);
  state.momentum.tensors[0].values[0] = NAN;
  EXPECT_THROW(state.check(small_network(), adam), InputError);
}

}  // namespace
}  // namespace outrider::averaging
