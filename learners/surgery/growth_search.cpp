#include "learners/surgery/growth_search.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/training/training_cost.h"

namespace outrider::surgery {
namespace {

double multiple(double of, double small) {
  return small > 0 ? of / small : 0;
}

bool fits_capacity(const nn::NetworkSpec& network, const GrowthSearchOptions& options) {
  training::TrainingCost cost;
  const auto objection = objection_of([&] { cost = training::training_cost(network, options.workload); });
  return !objection && cost.bytes <= options.capacity.bytes && cost.flops <= options.capacity.flops;
}

bool is_limited(const training::Budget& capacity) {
  return capacity.bytes != training::Budget{}.bytes || capacity.flops != training::Budget{}.flops;
}

}  // namespace

double growth_reward(const Evaluation& evaluation, const nn::NetworkSpec& grown, const nn::NetworkSpec& small,
                     const GrowthPrices& prices) {
  const double accuracy = std::clamp(evaluation.accuracy, 0.0, 0.999);
  const auto parameters = [](const nn::NetworkSpec& network) { return static_cast<double>(network.parameter_count()); };
  return std::tan(accuracy * std::numbers::pi / 2) - prices.bytes * multiple(parameters(grown), parameters(small)) -
         prices.operations * multiple(grown.multiply_adds(), small.multiply_adds()) -
         prices.milliseconds * evaluation.milliseconds;
}

void GrowthSearchOptions::check() const {
  require(!decisions.empty(), "a search for growth takes no decisions; expected 1 or more in an episode");
  require(factor > 1 && factor <= 16,
          fmt::format("a search for growth multiplies widths by {}; expected more than 1 and at most 16", factor));
  require(batch >= 1 && hidden >= 1 && hidden <= 1024,
          fmt::format("a search for growth has batches of {} and {} hidden units; expected 1 or more, and 1 to 1024",
                      batch, hidden));
  require(
      rate >= 0 && std::isfinite(rate) && entropy_bonus >= 0 && std::isfinite(entropy_bonus) && baseline_decay >= 0 &&
          baseline_decay < 1,
      fmt::format("a search for growth has rate {}, entropy bonus {} and baseline decay {}; expected none negative, "
                  "and a decay below 1",
                  rate, entropy_bonus, baseline_decay));
}

GrowthSearch::GrowthSearch(nn::NetworkSpec network, nn::Parameters weights, const GrowthSearchOptions& options,
                           Evaluate evaluate)
    : network_(std::move(network)),
      weights_(std::move(weights)),
      options_(options),
      evaluate_(std::move(evaluate)),
      policy_({options.hidden}, options.seed) {
  options_.check();
  weights_.check(network_);
}

void GrowthSearch::take(Grown& grown, const std::vector<GrowthStep>& steps, Candidate& candidate) const {
  for (const GrowthStep& step : steps) {
    if (is_limited(options_.capacity) && !fits_capacity(grown_network(grown.network, step), options_)) continue;
    grown = grow(grown.network, grown.parameters, step);
    candidate.steps.push_back(step);
  }
}

Candidate GrowthSearch::next() {
  Candidate candidate;
  candidate.episode = episodes_++;
  Random random(options_.seed, "growth search", 0, candidate.episode);
  Grown grown{network_, weights_, {}};
  Episode episode{};
  for (const GrowthKind kind : options_.decisions) {
    Choice choice{grown.network, policy_.draw(grown.network, kind, random)};
    take(grown, steps_of(grown.network, choice.decision, options_.factor, random()), candidate);
    episode.choices.push_back(std::move(choice));
  }
  candidate.network = grown.network;
  candidate.evaluation = evaluate_(grown, candidate.episode);
  candidate.reward = growth_reward(candidate.evaluation, grown.network, network_, options_.prices);
  episode.reward = candidate.reward;
  batch_.push_back(std::move(episode));
  if (batch_.size() >= options_.batch) learn();
  return candidate;
}

void GrowthSearch::learn() {
  const auto count = static_cast<double>(batch_.size());
  double mean = 0;
  double square = 0;
  for (const Episode& episode : batch_) mean += episode.reward / count;
  for (const Episode& episode : batch_) square += (episode.reward - mean) * (episode.reward - mean) / count;
  const double kept = batches_++ == 0 ? 0 : options_.baseline_decay;
  baseline_ = kept * baseline_ + (1 - kept) * mean;
  deviation_ = kept * deviation_ + (1 - kept) * std::sqrt(square);
  constexpr double kLeast = 1e-6;  // rewards that are all alike teach nothing
  if (options_.learns) {
    for (const Episode& episode : batch_)
      for (const Choice& choice : episode.choices)
        policy_.reinforce(choice.network, choice.decision,
                          (episode.reward - baseline_) / std::max(deviation_, kLeast) / count,
                          options_.entropy_bonus / count);
    policy_.ascend(options_.rate);
  }
  batch_.clear();
}

}  // namespace outrider::surgery
