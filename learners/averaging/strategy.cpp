#include "learners/averaging/strategy.h"

#include <cmath>

#include <fmt/format.h>

#include "knowledge/error.h"

namespace outrider::averaging {
namespace {

void require_fraction(double value, std::string_view name) {
  require(value >= 0 && value < 1,
          fmt::format("the averaging strategy's {} is {}; expected at least 0 and less than 1", name, value));
}

void require_positive(double value, std::string_view name) {
  require(std::isfinite(value) && value > 0,
          fmt::format("the averaging strategy's {} is {}; expected a finite number above 0", name, value));
}

void require_at_least_zero(double value, std::string_view name) {
  require(std::isfinite(value) && value >= 0,
          fmt::format("the averaging strategy's {} is {}; expected a finite number, at least 0", name, value));
}

void require_count(std::uint32_t value, std::uint32_t least, std::uint32_t most, std::string_view name) {
  require(value >= least && value <= most,
          fmt::format("the averaging strategy's {} is {}; expected {} to {}", name, value, least, most));
}

struct CheckRule {
  void operator()(const FedAvg&) const {}
  void operator()(const FedAvgM& rule) const { require_fraction(rule.momentum, "momentum"); }
  void operator()(const FedAdagrad& rule) const {
    require_fraction(rule.beta1, "beta1");
    require_positive(rule.tau, "tau");
  }
  void operator()(const auto& rule) const {  // FedAdam, FedYogi
    require_fraction(rule.beta1, "beta1");
    require_fraction(rule.beta2, "beta2");
    require_positive(rule.tau, "tau");
  }
};

struct CheckCombination {
  void operator()(const WeightedMean&) const {}
  void operator()(const Median&) const {}
  void operator()(const TrimmedMean& mean) const {
    require(
        mean.share >= 0 && mean.share < 0.5,
        fmt::format("the averaging strategy's share to trim is {}; expected at least 0 and less than 0.5", mean.share));
  }
  void operator()(const Krum& krum) const { require_byzantine(krum.byzantine); }
  void operator()(const MultiKrum& krum) const {
    require_byzantine(krum.byzantine);
    require_count(krum.chosen, 1, StrategyLimits::kClients, "number of updates that multikrum chooses");
  }
  static void require_byzantine(std::uint32_t byzantine) {
    require_count(byzantine, 0, StrategyLimits::kClients, "number of byzantine clients");
  }
};

void check_scaffold(const Strategy& strategy) {
  require(std::holds_alternative<FedAvg>(strategy.rule),
          "the averaging strategy's scaffold corrects plain steps; expected the rule fedavg with it");
  require(std::holds_alternative<WeightedMean>(strategy.combination),
          "the averaging strategy's scaffold averages control variates; expected the combination mean with it");
  require(strategy.buffer == 0, "the averaging strategy has scaffold and fedbuff; expected one of them");
  require(!strategy.late,
          "the averaging strategy's scaffold corrects by the control variate of its round; expected 'late refused'");
}

}  // namespace

double default_rate(const ServerRule& rule) {
  constexpr double kAdaptive = 0.01;
  return std::holds_alternative<FedAvg>(rule) || std::holds_alternative<FedAvgM>(rule) ? 1 : kAdaptive;
}

std::string advice_on_divergence(const Strategy& strategy) {
  const std::string text = strategy.text();
  const std::string rule = text.substr(0, text.find_first_of(" ;"));
  return fmt::format(
      "a lower rate of the server (now '{} rate {}' in the strategy), a lower learning rate of the clients, or 'clip' "
      "in "
      "the strategy may help",
      rule, strategy.rate);
}

double discount_factor(Discount discount, std::uint64_t staleness) {
  const double age = 1 + static_cast<double>(staleness);
  switch (discount) {
    case Discount::kConstant:
      return 1;
    case Discount::kSqrt:
      return 1 / std::sqrt(age);
    case Discount::kLinear:
      return 1 / age;
  }
  return 1;
}

void Strategy::check() const {
  std::visit(CheckRule{}, rule);
  require_positive(rate, "rate");
  std::visit(CheckCombination{}, combination);
  require_at_least_zero(clip, "norm to clip to");
  require_at_least_zero(proximal, "fedprox mu");
  require_count(buffer, 0, StrategyLimits::kClients, "fedbuff buffer");
  if (late) require_count(late->limit, 1, StrategyLimits::kLateRounds, "limit of late rounds");
  require(buffer == 0 || late,
          "the averaging strategy's fedbuff lives on late updates; expected 'late constant', "
          "'late sqrt' or 'late linear' with it");
  if (scaffold) check_scaffold(*this);
}

}  // namespace outrider::averaging
