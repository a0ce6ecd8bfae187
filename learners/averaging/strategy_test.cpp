#include "learners/averaging/strategy.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"

namespace outrider::averaging {
namespace {

using testing::HasSubstr;

std::string strategy_error(std::string_view text) {
  return objection_of([&] { parse_strategy(text); }).value_or("no error");
}

TEST(Strategy, IsReadFromItsText) {
  EXPECT_EQ(parse_strategy("fedavg"), Strategy{});
  EXPECT_EQ(parse_strategy("  median ;fedprox 0.01"), (Strategy{.combination = Median{}, .proximal = 0.01}));
  EXPECT_EQ(parse_strategy("fedadam rate 0.01 beta2 0.999; clip 5; fedbn; late linear limit 4"),
            (Strategy{.rule = FedAdam{.beta2 = 0.999},
                      .rate = 0.01,
                      .clip = 5,
                      .local_norms = true,
                      .late = LateUpdates{Discount::kLinear, 4}}));
  EXPECT_EQ(parse_strategy("scaffold"), (Strategy{.weighting = Weighting::kUniform, .scaffold = true}));
  EXPECT_EQ(parse_strategy("scaffold; samples"), (Strategy{.scaffold = true}));
  EXPECT_EQ(parse_strategy("fedbuff 10"),
            (Strategy{.weighting = Weighting::kUniform, .buffer = 10, .late = LateUpdates{}}));
  EXPECT_EQ(parse_strategy("fedbuff 10; late constant").late, (LateUpdates{.discount = Discount::kConstant}));
  EXPECT_EQ(parse_strategy("multikrum 2 5").combination, (Combination{MultiKrum{2, 5}}));
}

TEST(Strategy, PrintsWhatReadsBack) {
  for (const char* text :
       {"fedavg", "fedavg rate 0.3; uniform", "fedavgm momentum 0.5; trimmed 0.2",
        "fedadagrad rate 0.1 beta1 0.4 tau 0.01",
        "fedadam rate 0.02 beta1 0.8 beta2 0.999 tau 1e-08; clip 2.5; fedprox 0.001; fedbn; late sqrt limit 3",
        "fedyogi beta2 0.9; krum 3", "fedavg; multikrum 2 5", "fedavg; scaffold", "fedavg; scaffold; samples",
        "fedavg; median; fedbuff 7; samples; late linear limit 64", "fedavg; fedbuff 7; late constant limit 16"}) {
    EXPECT_EQ(parse_strategy(text).text(), text);
    EXPECT_EQ(parse_strategy(parse_strategy(text).text()), parse_strategy(text));
  }
}

// Their steps are as large as the rate: at 1, which is right for the mean, the first round is the last.
TEST(Strategy, AdaptiveRulesStepGentlyUnlessToldOtherwise) {
  for (const char* rule : {"fedadagrad", "fedadam", "fedyogi"}) {
    EXPECT_EQ(parse_strategy(rule).rate, 0.01) << rule;
    EXPECT_EQ(parse_strategy(rule).text(), rule);
    EXPECT_EQ(parse_strategy(std::string(rule) + " rate 1").rate, 1) << rule;
    EXPECT_EQ(parse_strategy(std::string(rule) + " rate 1").text(), std::string(rule) + " rate 1");
  }
  EXPECT_EQ(parse_strategy("fedavgm").rate, 1);
  const auto adam = std::get<FedAdam>(parse_strategy("fedadam").rule);  // Reddi et al. 2021
  EXPECT_EQ(adam, (FedAdam{.beta1 = 0.9, .beta2 = 0.99, .tau = 1e-3}));
}

TEST(Strategy, AdviceOnDivergenceNamesTheServersRate) {
  EXPECT_THAT(advice_on_divergence(parse_strategy("fedadam rate 1; clip 5")), HasSubstr("'fedadam rate 1'"));
  EXPECT_THAT(advice_on_divergence(parse_strategy("fedavg")), HasSubstr("'fedavg rate 1'"));
}

TEST(Strategy, RefusesWhatIsOutOfRange) {
  EXPECT_THAT(strategy_error("fedavg rate 0"), HasSubstr("rate is 0; expected a finite number above 0"));
  EXPECT_THAT(strategy_error("fedavg rate inf"), HasSubstr("rate is inf"));
  EXPECT_THAT(strategy_error("fedavgm momentum 1"), HasSubstr("momentum is 1; expected at least 0 and less than 1"));
  EXPECT_THAT(strategy_error("fedadam beta1 nan"), HasSubstr("beta1 is nan"));
  EXPECT_THAT(strategy_error("fedyogi beta2 -0.1"), HasSubstr("beta2 is -0.1"));
  EXPECT_THAT(strategy_error("fedadagrad tau 0"), HasSubstr("tau is 0"));
  EXPECT_THAT(strategy_error("trimmed 0.5"), HasSubstr("share to trim is 0.5; expected at least 0 and less than 0.5"));
  EXPECT_THAT(strategy_error("krum 100000"), HasSubstr("number of byzantine clients is 100000"));
  EXPECT_THAT(strategy_error("multikrum 1 0"), HasSubstr("multikrum chooses is 0; expected 1 to 65536"));
  EXPECT_THAT(strategy_error("clip -1"), HasSubstr("norm to clip to is -1"));
  EXPECT_THAT(strategy_error("fedprox -1"), HasSubstr("fedprox mu is -1"));
  EXPECT_THAT(strategy_error("fedbuff 0"), HasSubstr("buffer is 0"));
  EXPECT_THAT(strategy_error("late sqrt limit 0"), HasSubstr("limit of late rounds is 0; expected 1 to 64"));
}

TEST(Strategy, RefusesWhatDoesNotGoTogether) {
  EXPECT_THAT(strategy_error("scaffold; fedadam"), HasSubstr("expected the rule fedavg"));
  EXPECT_THAT(strategy_error("scaffold; median"), HasSubstr("expected the combination mean"));
  EXPECT_THAT(strategy_error("scaffold; fedbuff 3"), HasSubstr("expected one of them"));
  EXPECT_THAT(strategy_error("scaffold; late sqrt"), HasSubstr("expected 'late refused'"));
  EXPECT_THAT(strategy_error("fedbuff 3; late refused"), HasSubstr("lives on late updates"));
}

TEST(Strategy, RefusesTextThatIsNone) {
  EXPECT_THAT(strategy_error(""), HasSubstr("ends where a setting was expected"));
  EXPECT_THAT(strategy_error("fedavg;"), HasSubstr("ends where a setting was expected"));
  EXPECT_THAT(strategy_error("fedsomething"), HasSubstr("no setting 'fedsomething'; known are: fedavg, fedavgm"));
  EXPECT_THAT(strategy_error("fedavg; fedadam"), HasSubstr("sets its rule twice, the second time by 'fedadam'"));
  EXPECT_THAT(strategy_error("median; krum 1"), HasSubstr("sets its combination twice"));
  EXPECT_THAT(strategy_error("clip"), HasSubstr("ends where a norm was expected"));
  EXPECT_THAT(strategy_error("clip 1x"), HasSubstr("'1x' where a norm was expected"));
  EXPECT_THAT(strategy_error("fedavg momentum 1"), HasSubstr("'fedavg' is followed by"));
  EXPECT_THAT(strategy_error("late never"), HasSubstr("'never' where refused, constant, sqrt or linear was expected"));
  EXPECT_THAT(strategy_error(std::string(2000, 'x')), HasSubstr("has 2000 characters; at most 1024"));
}

TEST(DiscountFactor, FallsWithStaleness) {
  EXPECT_EQ(discount_factor(Discount::kConstant, 7), 1);
  EXPECT_EQ(discount_factor(Discount::kSqrt, 3), 0.5);
  EXPECT_EQ(discount_factor(Discount::kLinear, 3), 0.25);
  EXPECT_EQ(discount_factor(Discount::kSqrt, 0), 1);
}

}  // namespace
}  // namespace outrider::averaging
