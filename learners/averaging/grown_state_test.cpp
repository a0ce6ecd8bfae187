#include "learners/averaging/grown_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/averaging/test_updates.h"
#include "learners/surgery/net2net.h"
#include "learners/surgery/test_networks.h"

namespace outrider::averaging {
namespace {

using ::testing::FloatNear;
using ::testing::Pointwise;

const char* const kGrowingStrategies[] = {
    "fedavg",
    "fedavgm",
    "fedadagrad rate 0.01",
    "fedadam rate 0.01",
    "fedyogi rate 0.01",
    "fedbn; fedavgm",
    "fedbuff 3; late sqrt",
};

const nn::NetworkSpec& growing_network() {
  static const nn::NetworkSpec network = nn::parse_network(
      "input 2x6x6; conv 4 k3 p1 nobias; batchnorm; relu; as a; conv 4 k3 p1; batchnorm; add a; relu; flatten; linear "
      "6; relu; linear 3");
  return network;
}

const std::vector<surgery::GrowthStep> kGrowth{
    surgery::WidenStep{.layer = 0, .channels = 9, .seed = 2}, surgery::DeepenStep{.layer = 7},
    surgery::WidenStep{.layer = 12, .channels = 8, .seed = 3}, surgery::DeepenStep{.layer = 13}};

// Some rounds of random updates.
ServerState state_after_rounds(const nn::NetworkSpec& network, const Strategy& strategy, ServerState state,
                               std::uint64_t seed) {
  Random random(seed, "rounds");
  for (int i = 0; i < 3; ++i)
    state = apply_round(network, strategy, state, random_updates(random, 3, state.round, network, strategy));
  return state;
}

ServerState state_before(const Strategy& strategy) {
  return state_after_rounds(
      growing_network(), strategy,
      ServerState::initial(growing_network(), strategy, surgery::random_weights(growing_network(), 1)), 4);
}

// A round in which nobody learned anything moves weights by their momentum alone.
ServerState after_idle_round(const nn::NetworkSpec& network, const Strategy& strategy, const ServerState& state) {
  Update update{shuffled_client(1), state.round, 1, {}, {}, 1};
  for (const nn::TensorSpec& tensor : shared_tensors(network, strategy))
    update.delta.tensors.push_back({tensor, std::vector<float>(tensor.size())});
  return apply_round(network, strategy, state, std::vector<Update>{update});
}

void expect_same_outputs(const nn::NetworkSpec& network, const ServerState& state, const GrownState& grown) {
  EXPECT_THAT(surgery::outputs_of(grown.network, grown.state.weights),
              Pointwise(FloatNear(1e-4F), surgery::outputs_of(network, state.weights)));
}

TEST(GrownState, KeepsFunctionAndRoundAndRoundsGoOn) {
  for (const char* text : kGrowingStrategies) {
    SCOPED_TRACE(text);
    const Strategy strategy = parse_strategy(text);
    const ServerState state = state_before(strategy);
    const GrownState grown = grown_state(growing_network(), strategy, state, kGrowth);
    EXPECT_EQ(grown.state.round, 3U);
    grown.state.check(grown.network, strategy);
    expect_same_outputs(growing_network(), state, grown);
    const ServerState later = state_after_rounds(grown.network, strategy, grown.state, 5);
    EXPECT_EQ(later.round, 6U);
    EXPECT_NE(later.weights, grown.state.weights);
  }
}

TEST(GrownState, MovesOnAsTheOldStateWouldHave) {
  for (const char* text : kGrowingStrategies) {
    SCOPED_TRACE(text);
    const Strategy strategy = parse_strategy(text);
    const ServerState state = state_before(strategy);
    GrownState grown = grown_state(growing_network(), strategy, state, kGrowth);
    grown.state = after_idle_round(grown.network, strategy, grown.state);
    expect_same_outputs(growing_network(), after_idle_round(growing_network(), strategy, state), grown);
  }
}

TEST(GrownState, OfOneWideningHasItsMomentaSharedAndItsSecondMomentsCopied) {
  const Strategy strategy = parse_strategy("fedadam");
  const ServerState state = state_before(strategy);
  const std::vector<surgery::GrowthStep> step{surgery::WidenStep{.layer = 9, .channels = 12, .seed = 2, .noise = 0}};
  const GrownState grown = grown_state(growing_network(), strategy, state, step);
  const auto mapping = surgery::grow(growing_network(), state.weights, step).mapping;
  std::vector<float> copies(6);
  for (const std::uint32_t from : mapping) ++copies[from];
  for (std::size_t out = 0; out < 3; ++out)
    for (std::size_t j = 0; j < 12; ++j) {
      const std::size_t old = out * 6 + mapping[j];
      EXPECT_FLOAT_EQ(grown.state.momentum.at("11.weight").values[out * 12 + j],
                      state.momentum.at("11.weight").values[old] / copies[mapping[j]]);
      EXPECT_EQ(grown.state.second.at("11.weight").values[out * 12 + j], state.second.at("11.weight").values[old]);
    }
}

TEST(GrownState, OfFreshChannelsHasTheMomentsOfABeginning) {
  const Strategy strategy = parse_strategy("fedadam");
  const ServerState state = state_before(strategy);
  const std::vector<surgery::GrowthStep> step{surgery::WidenStep{.layer = 9, .channels = 12, .seed = 2, .fresh = true}};
  const GrownState grown = grown_state(growing_network(), strategy, state, step);
  const ServerState beginning = ServerState::initial(grown.network, strategy, grown.state.weights);
  for (std::size_t out = 0; out < 3; ++out)
    for (std::size_t j = 0; j < 12; ++j)
      for (auto moments : {&ServerState::momentum, &ServerState::second}) {
        const float before = j < 6 ? (state.*moments).at("11.weight").values[out * 6 + j]
                                   : (beginning.*moments).at("11.weight").values[out * 12 + j];
        EXPECT_EQ((grown.state.*moments).at("11.weight").values[out * 12 + j], before);
      }
}

TEST(GrownState, RefusesUpdatesFromBefore) {
  const Strategy strategy = parse_strategy("fedavg");
  const ServerState state = state_before(strategy);
  const GrownState grown = grown_state(growing_network(), strategy, state, kGrowth);
  Random random(1, "late");
  const auto updates = random_updates(random, 2, state.round, growing_network(), strategy);
  EXPECT_THROW(apply_round(grown.network, strategy, grown.state, updates), InputError);
}

TEST(GrownState, RefusesControlVariatesAndStatesOfAnotherNetwork) {
  const Strategy scaffold = parse_strategy("scaffold");
  EXPECT_THROW(grown_state(growing_network(), scaffold, state_before(scaffold), kGrowth), InputError);
  const Strategy strategy = parse_strategy("fedavg");
  EXPECT_THROW(grown_state(nn::parse_network(surgery::kTestNetworks[0]), strategy, state_before(strategy), kGrowth),
               InputError);
}

LearningTask growing_task(const char* strategy) {
  return {.preprocessing = {{2, 6, 6}, false, 0.5F, 0.5F},
          .network = growing_network(),
          .classes = {"a", "b", "c"},
          .strategy = parse_strategy(strategy),
          .work = {},
          .seed = 3};
}

TEST(GrownTask, IsAnotherTaskOfTheGrownNetwork) {
  const auto task = growing_task("fedavgm");
  const GrownTask grown = grown_task(task, task.initial_state(), kGrowth);
  EXPECT_NE(grown.task.id(), task.id());
  EXPECT_EQ(grown.task.classes, task.classes);
  grown.state.check(grown.task.network, grown.task.strategy);
}

TEST(GrownClient, KeepsItsOwnNormalisation) {
  const auto task = growing_task("fedbn");
  const ServerState given = task.initial_state();
  ClientState own;
  for (const nn::TensorSpec& tensor : local_tensors(task.network, task.strategy))
    own.local.tensors.push_back(surgery::random_weights(task.network, 9).at(tensor.name));
  const GrownTask grown = grown_task(task, given, kGrowth);
  const ClientState later = grown_client(task, given, own, kGrowth);
  EXPECT_THAT(surgery::outputs_of(grown.task.network, personal_weights(grown.state, later)),
              Pointwise(FloatNear(1e-4F), surgery::outputs_of(task.network, personal_weights(given, own))));
  EXPECT_EQ(grown_client(task, given, {}, kGrowth), ClientState{});
}

}  // namespace
}  // namespace outrider::averaging
