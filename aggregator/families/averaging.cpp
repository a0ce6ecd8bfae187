#include "aggregator/families/averaging.h"

#include <chrono>

#include <CLI/CLI.hpp>

#include "knowledge/checked_option.h"
#include "learners/averaging/merge.h"
#include "learners/averaging/strategy.h"

namespace outrider::aggregator {
namespace {

class AveragingServer : public ServerFamily {
 public:
  void add_options(CLI::App& app) override {
    app.add_option("--cohort", rules_.cohort, "Clients that are asked in a round of training a model")
        ->check(whole_number(1, averaging::StrategyLimits::kClients))
        ->capture_default_str();
    app.add_option("--minimum", rules_.minimum,
                   "Updates that a round needs, at most the cohort; it begins with as many clients")
        ->check(whole_number(1, averaging::StrategyLimits::kClients))
        ->capture_default_str();
    app.add_option("--rounds", rules_.rounds,
                   "Rounds that a model is trained; then it is finished (default: without end)")
        ->check(whole_number(1, 1'000'000'000));
    app.add_option("--patience", rules_.patience,
                   "Training ends when so many rounds have not done better on the pictures that clients hold out "
                   "(default: it does not)")
        ->check(whole_number(1, 1'000'000'000));
    app.add_option("--round-seconds", seconds_, "After which a round makes do with the minimum, or asks others")
        ->check(whole_number(1, 1'000'000))
        ->capture_default_str();
  }
  void check() const override { rules().check(); }
  std::unique_ptr<Family> make(const Self& /*self*/) const override {
    return std::make_unique<averaging::AveragingFamily>(rules());
  }

 private:
  averaging::RoundRules rules() const {
    averaging::RoundRules rules = rules_;
    rules.duration = std::chrono::seconds(seconds_);
    return rules;
  }

  averaging::RoundRules rules_;
  std::uint32_t seconds_ = 60;
};

}  // namespace

std::unique_ptr<ServerFamily> averaging_family() {
  return std::make_unique<AveragingServer>();
}

}  // namespace outrider::aggregator
