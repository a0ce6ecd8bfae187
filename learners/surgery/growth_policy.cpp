#include "learners/surgery/growth_policy.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "learners/surgery/layer_features.h"
#include "learners/surgery/lstm.h"
#include "learners/surgery/net2net.h"

namespace outrider::surgery {
namespace {

LstmSize lstm_size(std::size_t hidden) {
  return {kLayerFeatures, hidden};
}

double dot(std::span<const double> weights, const std::vector<double>& values) {
  return std::inner_product(values.begin(), values.end(), weights.begin(), 0.0);
}

void add_scaled(std::span<double> to, double factor, std::span<const double> values) {
  for (std::size_t i = 0; i < values.size(); ++i) to[i] += factor * values[i];
}

std::vector<double> softmax(std::vector<double> logits) {
  const double largest = std::ranges::max(logits);
  double sum = 0;
  for (double& logit : logits) {
    logit = std::exp(logit - largest);
    sum += logit;
  }
  for (double& logit : logits) logit /= sum;
  return logits;
}

double surprise(double chance) {  // -p log p
  return chance > 0 ? -chance * std::log(chance) : 0;
}

// The gradients by the logits of advantage * log probability + bonus * entropy, of independent yes and no.
std::vector<double> widen_slopes(const std::vector<double>& chances, const std::vector<bool>& decided, double advantage,
                                 double bonus) {
  assert(decided.size() == chances.size());
  std::vector<double> slopes;
  for (std::size_t i = 0; i < chances.size(); ++i) {
    const double chance = chances[i];
    const double logit = std::log(chance) - std::log(1 - chance);
    slopes.push_back(advantage * ((decided[i] ? 1.0 : 0.0) - chance) - bonus * logit * chance * (1 - chance));
  }
  return slopes;
}

// The same of one choice.
std::vector<double> place_slopes(const std::vector<double>& chances, std::size_t decided, double advantage,
                                 double bonus) {
  double entropy = 0;
  for (const double chance : chances) entropy += surprise(chance);
  std::vector<double> slopes;
  for (std::size_t i = 0; i < chances.size(); ++i)
    slopes.push_back(advantage * ((i == decided ? 1.0 : 0.0) - chances[i]) +
                     bonus * (surprise(chances[i]) - chances[i] * entropy));
  return slopes;
}

constexpr double kFirstDeviation = 0.3;  // of the LSTMs' parameters; the actors' are 0: all is as likely

}  // namespace

// What the policy sees of a network: the states of its layers, and chances.
struct GrowthPolicy::View {
  LayerFeatures features;
  BidirectionalLstm::Trace trace;
  std::vector<double> overall;      // the mean of the states, for "none"
  std::vector<std::size_t> widen;   // tokens of the layers that can be widened
  std::vector<std::size_t> deepen;  // of the places where it can be deepened
  GrowthChances chances;
};

GrowthPolicy::GrowthPolicy(const Options& options, std::uint64_t seed) : hidden_(options.hidden) {
  assert(hidden_ > 0);
  const std::size_t recurrent = 2 * lstm_size(hidden_).parameters();
  parameters_.resize(recurrent + 3 * (2 * hidden_ + 1));
  Random random(seed, "growth policy");
  for (std::size_t i = 0; i < recurrent; ++i) parameters_[i] = kFirstDeviation * static_cast<double>(random.normal());
  gradient_.resize(parameters_.size());
  first_.resize(parameters_.size());
  second_.resize(parameters_.size());
}

// Where the actor's weights begin; its bias comes after them, and after the deepening actor that of "none".
std::size_t GrowthPolicy::head(GrowthKind kind) const {
  const std::size_t recurrent = 2 * lstm_size(hidden_).parameters();
  return kind == GrowthKind::kWiden ? recurrent : recurrent + 2 * hidden_ + 1;
}

GrowthPolicy::View GrowthPolicy::look(const nn::NetworkSpec& network) const {
  const std::span<const double> all(parameters_);
  const std::size_t states = 2 * hidden_;
  View view;
  view.features = layer_features(network);
  view.trace = BidirectionalLstm(lstm_size(hidden_), all.first(2 * lstm_size(hidden_).parameters()))
                   .forward(view.features.tokens);
  for (const std::size_t layer : widenable_layers(network)) view.widen.push_back(view.features.places[layer]);
  for (const std::size_t layer : deepenable_layers(network)) view.deepen.push_back(view.features.places[layer]);
  view.overall.resize(states);
  for (const std::vector<double>& state : view.trace.outputs)
    add_scaled(view.overall, 1 / static_cast<double>(view.trace.outputs.size()), state);
  const auto logit = [&](std::size_t begin, const std::vector<double>& state) {
    return dot(all.subspan(begin, states), state) + all[begin + states];
  };
  for (const std::size_t token : view.widen)
    view.chances.widen.push_back(1 / (1 + std::exp(-logit(head(GrowthKind::kWiden), view.trace.outputs[token]))));
  const std::size_t deepening = head(GrowthKind::kDeepen);
  std::vector<double> places;
  for (const std::size_t token : view.deepen) places.push_back(logit(deepening, view.trace.outputs[token]));
  places.push_back(logit(deepening + states + 1, view.overall));
  view.chances.place = softmax(std::move(places));
  return view;
}

GrowthChances GrowthPolicy::chances(const nn::NetworkSpec& network) const {
  return look(network).chances;
}

GrowthDecision GrowthPolicy::draw(const nn::NetworkSpec& network, GrowthKind kind, Random& random) const {
  const GrowthChances chances = look(network).chances;
  GrowthDecision decision{kind, {}, 0};
  if (kind == GrowthKind::kWiden) {
    for (const double chance : chances.widen) decision.widen.push_back(static_cast<double>(random.uniform()) < chance);
    return decision;
  }
  double left = static_cast<double>(random.uniform());
  while (decision.place + 1 < chances.place.size() && left >= chances.place[decision.place])
    left -= chances.place[decision.place++];
  return decision;
}

GrowthDecision GrowthPolicy::best(const nn::NetworkSpec& network, GrowthKind kind) const {
  const GrowthChances chances = look(network).chances;
  GrowthDecision decision{kind, {}, 0};
  if (kind == GrowthKind::kWiden)
    for (const double chance : chances.widen) decision.widen.push_back(chance > 0.5);
  else
    decision.place = static_cast<std::size_t>(std::ranges::max_element(chances.place) - chances.place.begin());
  return decision;
}

double GrowthPolicy::log_probability(const nn::NetworkSpec& network, const GrowthDecision& decision) const {
  const GrowthChances chances = look(network).chances;
  if (decision.kind == GrowthKind::kDeepen) return std::log(chances.place.at(decision.place));
  assert(decision.widen.size() == chances.widen.size());
  double total = 0;
  for (std::size_t i = 0; i < chances.widen.size(); ++i)
    total += std::log(decision.widen[i] ? chances.widen[i] : 1 - chances.widen[i]);
  return total;
}

double GrowthPolicy::entropy(const nn::NetworkSpec& network, GrowthKind kind) const {
  const GrowthChances chances = look(network).chances;
  double total = 0;
  if (kind == GrowthKind::kWiden)
    for (const double chance : chances.widen) total += surprise(chance) + surprise(1 - chance);
  else
    for (const double chance : chances.place) total += surprise(chance);
  return total;
}

void GrowthPolicy::reinforce(const nn::NetworkSpec& network, const GrowthDecision& decision, double advantage,
                             double entropy_bonus) {
  const View view = look(network);
  const bool widens = decision.kind == GrowthKind::kWiden;
  const std::vector<double> slopes = widens
                                         ? widen_slopes(view.chances.widen, decision.widen, advantage, entropy_bonus)
                                         : place_slopes(view.chances.place, decision.place, advantage, entropy_bonus);
  const std::vector<std::size_t>& tokens = widens ? view.widen : view.deepen;
  const std::size_t states = 2 * hidden_;
  const std::span<const double> all(parameters_);
  const std::span<double> gradient(gradient_);
  Sequence state_gradient(view.trace.outputs.size(), std::vector<double>(states));
  for (std::size_t i = 0; i < slopes.size(); ++i) {
    const bool none = i == tokens.size();  // whose logit follows from the mean of the states
    const std::size_t begin = head(decision.kind) + (none ? states + 1 : 0);
    add_scaled(gradient.subspan(begin, states), slopes[i], none ? view.overall : view.trace.outputs[tokens[i]]);
    gradient[begin + states] += slopes[i];
    const std::span<const double> weights = all.subspan(begin, states);
    const double share = slopes[i] / static_cast<double>(state_gradient.size());
    if (none)
      for (std::vector<double>& each : state_gradient) add_scaled(each, share, weights);
    else
      add_scaled(state_gradient[tokens[i]], slopes[i], weights);
  }
  const std::size_t recurrent = 2 * lstm_size(hidden_).parameters();
  BidirectionalLstm(lstm_size(hidden_), all.first(recurrent))
      .backward(view.trace, state_gradient, gradient.first(recurrent));
}

void GrowthPolicy::ascend(double rate) {
  constexpr double kBeta1 = 0.9;
  constexpr double kBeta2 = 0.999;
  constexpr double kEpsilon = 1e-8;
  ++steps_;
  const auto steps = static_cast<double>(steps_);
  const double first_scale = 1 / (1 - std::pow(kBeta1, steps));
  const double second_scale = 1 / (1 - std::pow(kBeta2, steps));
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    first_[i] = kBeta1 * first_[i] + (1 - kBeta1) * gradient_[i];
    second_[i] = kBeta2 * second_[i] + (1 - kBeta2) * gradient_[i] * gradient_[i];
    parameters_[i] += rate * first_[i] * first_scale / (std::sqrt(second_[i] * second_scale) + kEpsilon);
    gradient_[i] = 0;
  }
}

std::vector<GrowthStep> steps_of(const nn::NetworkSpec& network, const GrowthDecision& decision, double factor,
                                 std::uint64_t seed) {
  const auto shapes = network.shapes();
  std::vector<GrowthStep> steps;
  if (decision.kind == GrowthKind::kDeepen) {
    const auto places = deepenable_layers(network);
    if (decision.place < places.size()) steps.emplace_back(DeepenStep{.layer = places[decision.place]});
    return steps;
  }
  Random random(seed, "growth decision");
  const auto layers = widenable_layers(network);
  assert(decision.widen.size() == layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (decision.widen[i]) {
      const auto channels = static_cast<double>(shapes[layers[i] + 1].channels);
      steps.emplace_back(WidenStep{layers[i], static_cast<std::int64_t>(std::ceil(channels * factor)), random()});
    }
  return steps;
}

}  // namespace outrider::surgery
