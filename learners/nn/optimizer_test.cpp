#include "learners/nn/optimizer.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/nn/schedule.h"

namespace outrider::nn {
namespace {

// One weight and one bias whose gradients are chosen: loss = g . (w x + b) with x = 1.
class Lever {
 public:
  explicit Lever(const OptimizerOptions& options) : plan_(parse_network("input 1x1x1; linear 1"), 1, 1) {
    Parameters start = Parameters::initial(plan_.spec(), 1);
    start.at("0.weight").values[0] = 1;
    start.at("0.bias").values[0] = 1;
    plan_.load(start);
    optimizer_.emplace(plan_, options);
  }
  void step(float gradient, float rate) {
    plan_.forward(std::vector<float>{1});
    plan_.backward(std::vector<float>{gradient});
    optimizer_->step(rate);
  }
  double weight() const { return plan_.parameters().at("0.weight").values[0]; }
  double bias() const { return plan_.parameters().at("0.bias").values[0]; }

 private:
  TrainingPlan plan_;
  std::optional<Optimizer> optimizer_;
};

const std::vector<double> kGradients{0.5, -1.0, 2.0, 0.25, 0.0};

TEST(Optimizer, SgdWithMomentumAndDecay) {
  for (const bool nesterov : {false, true}) {
    Lever lever({.momentum = 0.9F, .nesterov = nesterov, .weight_decay = 0.1F});
    double w = 1, b = 1, vw = 0, vb = 0;
    for (const double g : kGradients) {
      lever.step(static_cast<float>(g), 0.1F);
      const double slope = g + 0.1 * w;
      vw = 0.9 * vw + slope;
      w -= 0.1 * (nesterov ? slope + 0.9 * vw : vw);
      vb = 0.9 * vb + g;
      b -= 0.1 * (nesterov ? g + 0.9 * vb : vb);
      EXPECT_NEAR(lever.weight(), w, 1e-6);
      EXPECT_NEAR(lever.bias(), b, 1e-6) << "no decay on biases";
    }
  }
}

TEST(Optimizer, AdamAndAdamW) {
  for (const Method method : {Method::kAdam, Method::kAdamW}) {
    Lever lever({.method = method, .weight_decay = 0.1F, .decay_everything = true});
    double w = 1, m = 0, v = 0;
    int t = 0;
    for (const double g : kGradients) {
      lever.step(static_cast<float>(g), 0.01F);
      const double slope = g + (method == Method::kAdam ? 0.1 * w : 0);
      ++t;
      m = 0.9 * m + 0.1 * slope;
      v = 0.999 * v + 0.001 * slope * slope;
      if (method == Method::kAdamW) w *= 1 - 0.01 * 0.1;
      w -= 0.01 * (m / (1 - std::pow(0.9, t))) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
      EXPECT_NEAR(lever.weight(), w, 2e-6);
      EXPECT_NEAR(lever.bias(), w, 2e-6);
    }
  }
}

TEST(Optimizer, ClipsToTheNorm) {
  Lever clipped({.gradient_norm = 1});
  clipped.step(3, 1);  // the gradient is (3, 3): its norm is 3 sqrt 2
  EXPECT_NEAR(clipped.weight(), 1 - std::sqrt(0.5), 1e-6);
  Lever within({.gradient_norm = 100});
  within.step(0.25F, 1);
  EXPECT_EQ(within.weight(), 0.75);
}

TEST(Optimizer, ThreadsDoNotMatter) {
  const auto spec = parse_network("input 301x1x1; linear 200");
  const auto run = [&](int threads) {
    TrainingPlan plan(spec, 1, threads);
    plan.load(Parameters::initial(spec, 1));
    Optimizer optimizer(plan, {.method = Method::kAdam, .gradient_norm = 0.5});
    for (int step = 0; step < 3; ++step) {
      for (const Trainable& trainable : plan.trainables())
        for (std::size_t i = 0; i < trainable.gradient.size(); ++i)
          trainable.gradient[i] = std::sin(static_cast<float>(i + 1) * 0.37F);
      optimizer.step(0.01F);
    }
    return plan.trainables()[1].value[3];
  };
  EXPECT_EQ(run(1), run(2));
}

TEST(Optimizer, PaddingStaysZero) {
  const auto spec = parse_network("input 3x5x5; conv 5 k3; conv 7 k3");
  TrainingPlan plan(spec, 2, 2);
  plan.load(Parameters::initial(spec, 1));
  Optimizer optimizer(plan, {.method = Method::kAdamW, .weight_decay = 0.1F});
  for (int step = 0; step < 3; ++step) {
    plan.forward(std::vector<float>(plan.input().size(), 0.3F));
    plan.backward(std::vector<float>(plan.output_gradient().size(), 0.7F));
    optimizer.step(0.01F);
  }
  for (const Trainable& trainable : plan.trainables()) {
    std::size_t others = 0;
    for (const float value : trainable.value) others += value != 0;
    EXPECT_LE(others, trainable.spec.size()) << trainable.spec.name;
  }
}

TEST(Optimizer, GoesOnFromItsStateAndRefusesAnother) {
  const auto spec = parse_network("input 1x1x1; linear 1");
  TrainingPlan plan(spec, 1, 1), again(spec, 1, 1);
  const auto step = [](TrainingPlan& on, Optimizer& optimizer, float gradient) {
    on.forward(std::vector<float>{1});
    on.backward(std::vector<float>{gradient});
    optimizer.step(0.1F);
  };
  Optimizer optimizer(plan, {.method = Method::kAdam});
  step(plan, optimizer, 0.5F);
  again.load(plan.parameters());
  Optimizer restored(again, {.method = Method::kAdam});
  restored.restore(optimizer.state());
  EXPECT_EQ(restored.state(), optimizer.state());
  step(plan, optimizer, -2);
  step(again, restored, -2);
  EXPECT_EQ(again.parameters(), plan.parameters());

  const auto refused = [&](auto&& change) {
    OptimizerState state = optimizer.state();
    change(state);
    EXPECT_THROW(restored.restore(state), InputError);
  };
  refused([](OptimizerState& state) { state.moments.pop_back(); });
  refused([](OptimizerState& state) { state.moments[0].first.push_back(0); });
  refused([](OptimizerState& state) { state.moments[1].second.clear(); });
  refused([](OptimizerState& state) { state.moments[0].first[0] = INFINITY; });
  refused([](OptimizerState& state) { state.moments[0].second[0] = -1; });
  refused([](OptimizerState& state) { state.moments[0].second[0] = NAN; });
}

TEST(Optimizer, RefusesOptionsOutOfRange) {
  TrainingPlan plan(parse_network("input 1x1x1; linear 1"), 1, 1);
  EXPECT_THROW(Optimizer(plan, {.momentum = 1}), InputError);
  EXPECT_THROW(Optimizer(plan, {.beta2 = -0.1F}), InputError);
  EXPECT_THROW(Optimizer(plan, {.epsilon = 0}), InputError);
  EXPECT_THROW(Optimizer(plan, {.weight_decay = NAN}), InputError);
  EXPECT_THROW(Optimizer(plan, {.gradient_norm = -1}), InputError);
}

TEST(Schedule, Constant) {
  EXPECT_EQ((Schedule{.base = 0.5}.at(0)), 0.5F);
  EXPECT_EQ((Schedule{.base = 0.5}.at(1000000)), 0.5F);
}

TEST(Schedule, WarmUpThenSteps) {
  const Schedule schedule{.base = 1, .warm_up = 4, .decay = StepDecay{10, 0.5}};
  EXPECT_EQ(schedule.at(0), 0.25F);
  EXPECT_EQ(schedule.at(3), 1.0F);
  EXPECT_EQ(schedule.at(13), 1.0F);
  EXPECT_EQ(schedule.at(14), 0.5F);
  EXPECT_EQ(schedule.at(24), 0.25F);
}

TEST(Schedule, Cosine) {
  const Schedule schedule{.base = 1, .decay = CosineDecay{100, 0.1}};
  EXPECT_EQ(schedule.at(0), 1.0F);
  EXPECT_NEAR(schedule.at(50), 0.55F, 1e-6);
  EXPECT_NEAR(schedule.at(100), 0.1F, 1e-6);
  EXPECT_NEAR(schedule.at(5000), 0.1F, 1e-6);
}

TEST(Schedule, RefusesEmptyPeriods) {
  EXPECT_THROW((Schedule{.decay = StepDecay{0, 0.5}}.at(0)), InputError);
  EXPECT_THROW((Schedule{.decay = CosineDecay{0, 0}}.at(0)), InputError);
}

TEST(Plateau, FallsWhenTheLossStopsFalling) {
  PlateauRate plateau(1, {.factor = 0.5, .patience = 2, .threshold = 0.1, .floor = 0.3});
  EXPECT_FALSE(plateau.observe(10));
  EXPECT_FALSE(plateau.observe(8.9));   // an improvement
  EXPECT_FALSE(plateau.observe(8.1));   // less than a tenth better
  EXPECT_FALSE(plateau.observe(8.05));  // forgiven as well
  EXPECT_EQ(plateau.rate(), 1.0F);
  EXPECT_TRUE(plateau.observe(20));
  EXPECT_EQ(plateau.rate(), 0.5F);
  EXPECT_FALSE(plateau.observe(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_FALSE(plateau.observe(8.9));
  EXPECT_TRUE(plateau.observe(8.9));
  EXPECT_EQ(plateau.rate(), 0.3F);
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(plateau.observe(9));
  EXPECT_EQ(plateau.rate(), 0.3F);
}

TEST(Plateau, AnImprovementStartsTheWaitAnew) {
  PlateauRate plateau(1, {.factor = 0.5, .patience = 1});
  for (double loss = 1; loss > -5; loss -= 0.5) {
    EXPECT_FALSE(plateau.observe(loss));
    EXPECT_FALSE(plateau.observe(loss));
  }
}

TEST(Plateau, OptionsOutOfRangeAreRefused) {
  EXPECT_THROW(PlateauRate(0), InputError);
  EXPECT_THROW(PlateauRate(1, {.factor = 1}), InputError);
  EXPECT_THROW(PlateauRate(1, {.factor = 0}), InputError);
  EXPECT_THROW(PlateauRate(1, {.threshold = 1}), InputError);
  EXPECT_THROW(PlateauRate(1, {.floor = 2}), InputError);
}

}  // namespace
}  // namespace outrider::nn
