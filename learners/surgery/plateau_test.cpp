#include "learners/surgery/plateau.h"

#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/surgery/growth_plan.h"
#include "learners/surgery/net2net.h"
#include "learners/training/training_cost.h"

namespace outrider::surgery {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// At which observations, from 0, it wants to grow.
std::vector<std::size_t> growths_at(PlateauController controller, const std::vector<double>& scores) {
  std::vector<std::size_t> when;
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (controller.observe(scores[i])) when.push_back(i);
  return when;
}

const PlateauRule kRule{.min_delta = 0.01, .patience = 3, .cooldown = 2, .max_growths = 2};

TEST(Plateau, IsNoneWhileThingsGetBetter) {
  EXPECT_THAT(growths_at(PlateauController(kRule), {0.1, 0.2, 0.3, 0.3, 0.3, 0.4, 0.4, 0.4, 0.5}), IsEmpty());
}

TEST(Plateau, ComesAfterPatienceAndThenTakesACooldown) {
  const std::vector<double> flat(20, 0.5);  // progress at first, then none
  EXPECT_THAT(growths_at(PlateauController(kRule), flat), ElementsAre(3, 8));
}

TEST(Plateau, LittleIsNoProgress) {
  EXPECT_THAT(growths_at(PlateauController(kRule), {0.5, 0.505, 0.509, 0.51, 0.51}), ElementsAre(3));
  EXPECT_THAT(growths_at(PlateauController(kRule), {0.5, 0.505, 0.512, 0.512, 0.512}), IsEmpty());
}

TEST(Plateau, NothingIsNoProgressEither) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(growths_at(PlateauController(kRule), {0.5, nan, nan, nan}), ElementsAre(3));
}

TEST(Plateau, GoesOnFromWhatItRemembers) {
  PlateauController one(kRule);
  for (const double score : {0.5, 0.5, 0.5}) EXPECT_FALSE(one.observe(score));
  PlateauController other(kRule, one.state());
  EXPECT_TRUE(other.observe(0.5));
  EXPECT_EQ(other.state(), (PlateauState{.best = 0.5, .waited = 0, .resting = 2, .growths = 1}));
}

TEST(Plateau, RefusesRulesThatMakeNoSense) {
  EXPECT_THROW(PlateauController({.min_delta = -1}), InputError);
  EXPECT_THROW(PlateauController({.min_delta = std::numeric_limits<double>::quiet_NaN()}), InputError);
  EXPECT_THROW(PlateauController({.patience = 0}), InputError);
}

nn::NetworkSpec planned_network() {
  return nn::parse_network(
      "input 1x8x8; conv 4 k3 p1; batchnorm; relu; conv 4 k3 p1; relu; maxpool 2; conv 6 k3 p1; relu; flatten; linear "
      "10; "
      "relu; linear 3");
}

nn::NetworkSpec network_after(nn::NetworkSpec network, const std::vector<GrowthStep>& steps) {
  for (const GrowthStep& step : steps) network = grown_network(network, step);
  return network;
}

std::vector<std::string> texts_of(const std::vector<GrowthStep>& steps) {
  std::vector<std::string> texts;
  for (const GrowthStep& step : steps) texts.push_back(text_of(step));
  return texts;
}

TEST(GrowthPlan, WidensEverythingThenDeepensEveryResolution) {
  const nn::NetworkSpec network = planned_network();
  EXPECT_THAT(texts_of(planned_growth({}, network, 0)),
              ElementsAre("widen layer 1 to 8", "widen layer 4 to 8", "widen layer 7 to 12", "widen layer 10 to 20"));
  EXPECT_THAT(texts_of(planned_growth({.factor = 1.5}, network, 2)),
              ElementsAre("widen layer 1 to 6", "widen layer 4 to 6", "widen layer 7 to 9", "widen layer 10 to 15"));
  EXPECT_THAT(texts_of(planned_growth({.fresh = true}, network, 0)),
              ElementsAre("widen layer 1 to 8 by fresh channels", "widen layer 4 to 8 by fresh channels",
                          "widen layer 7 to 12 by fresh channels", "widen layer 10 to 20 by fresh channels"));
  EXPECT_THAT(texts_of(planned_growth({}, network, 1)),
              ElementsAre("deepen after layer 8 by 3x3", "deepen after layer 5 by 3x3"));
  const nn::NetworkSpec flat = nn::parse_network("input 6x1x1; linear 5; relu; linear 4; relu; linear 3");
  EXPECT_THAT(texts_of(planned_growth({}, flat, 1)), ElementsAre("deepen after layer 4 by 3x3"));
}

TEST(GrowthPlan, StaysWithinTheCapacity) {
  const nn::NetworkSpec network = planned_network();
  GrowthPlan plan{.workload = {.batch = 4}};
  const auto flops = [&](const std::vector<GrowthStep>& steps) {
    return training::training_cost(network_after(network, steps), plan.workload).flops;
  };
  const double doubled = flops(planned_growth(plan, network, 0));
  const double deeper = flops(planned_growth(plan, network, 1));
  plan.capacity.flops = doubled * 0.99;
  EXPECT_THAT(texts_of(planned_growth(plan, network, 0)),
              ElementsAre("widen layer 1 to 6", "widen layer 4 to 6", "widen layer 7 to 9", "widen layer 10 to 15"));
  plan.capacity.flops = deeper * 0.99;
  EXPECT_THAT(texts_of(planned_growth(plan, network, 1)), ElementsAre("deepen after layer 8 by 3x3"));
  plan.capacity.flops = flops({}) * 1.001;
  EXPECT_THAT(planned_growth(plan, network, 0), IsEmpty());
  EXPECT_THAT(planned_growth(plan, network, 1), IsEmpty());
  plan.capacity = {.bytes = 1000};
  EXPECT_THAT(planned_growth(plan, network, 0), IsEmpty());
}

TEST(GrowthPlan, TakesTheOtherKindWhereOneDoesNotFit) {
  const nn::NetworkSpec narrow = nn::parse_network("input 1x8x8; conv 4 k3 p1; relu; maxpool 8; flatten; linear 3");
  GrowthPlan plan{.workload = {.batch = 4}};
  plan.capacity.flops = training::training_cost(narrow, plan.workload).flops * 1.3;
  EXPECT_THAT(texts_of(planned_growth(plan, narrow, 1)), ElementsAre("widen layer 1 to 5"));
}

TEST(GrowthController, GrowsFromOnePlateauToTheNext) {
  GrowthController controller({.patience = 2, .cooldown = 0, .max_growths = 2}, {});
  nn::NetworkSpec network = planned_network();
  std::vector<std::size_t> parameters{network.parameter_count()};
  for (int i = 0; i < 9; ++i) {
    network = network_after(network, controller.observe(0.5, network));
    if (network.parameter_count() != parameters.back()) parameters.push_back(network.parameter_count());
  }
  EXPECT_EQ(parameters.size(), 3U);
  EXPECT_EQ(controller.state().growths, 2U);
}

TEST(GrowthController, RefusesPlansThatMakeNoSense) {
  EXPECT_THROW(GrowthController({}, {.factor = 1}), InputError);
  EXPECT_THROW(GrowthController({}, {.kernel = 2}), InputError);
}

}  // namespace
}  // namespace outrider::surgery
