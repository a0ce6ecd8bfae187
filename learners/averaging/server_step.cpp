#include "learners/averaging/server_step.h"

#include <cmath>

namespace outrider::averaging {
namespace {

double second_after(const FedAdagrad&, double second, double square) {
  return second + square;
}
double second_after(const FedAdam& rule, double second, double square) {
  return rule.beta2 * second + (1 - rule.beta2) * square;
}
double second_after(const FedYogi& rule, double second, double square) {
  const double sign = second > square ? 1 : second < square ? -1 : 0;
  return second - (1 - rule.beta2) * square * sign;
}

struct Step {
  double rate;
  const Combined& combined;
  const StepValues& values;

  template <typename Move>
  void for_each_known(const Move& move) const {
    for (std::size_t i = 0; i < values.weights.size(); ++i)
      if (combined.known[i] != 0) move(i, combined.values[i]);
  }
  void add(std::size_t i, double change) const {
    values.weights[i] = static_cast<float>(static_cast<double>(values.weights[i]) + change);
  }

  void operator()(const FedAvg&) const {
    for_each_known([&](std::size_t i, double d) { add(i, rate * d); });
  }
  void operator()(const FedAvgM& rule) const {
    for_each_known([&](std::size_t i, double d) {
      const double momentum = rule.momentum * static_cast<double>(values.momentum[i]) + d;
      values.momentum[i] = static_cast<float>(momentum);
      add(i, rate * momentum);
    });
  }
  void operator()(const auto& rule) const {  // FedAdagrad, FedAdam, FedYogi
    for_each_known([&](std::size_t i, double d) {
      const double momentum = rule.beta1 * static_cast<double>(values.momentum[i]) + (1 - rule.beta1) * d;
      const double second = second_after(rule, static_cast<double>(values.second[i]), d * d);
      values.momentum[i] = static_cast<float>(momentum);
      values.second[i] = static_cast<float>(second);
      add(i, rate * momentum / (std::sqrt(second) + rule.tau));
    });
  }
};

}  // namespace

void move_by(std::span<float> values, const Combined& combined, double rate) {
  Step{rate, combined, {values, {}, {}}}(FedAvg{});
}

void server_step(const Strategy& strategy, const Combined& combined, const StepValues& values) {
  std::visit(Step{strategy.rate, combined, values}, strategy.rule);
}

}  // namespace outrider::averaging
