#include "learners/averaging/server.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <deque>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/averaging/combine.h"
#include "learners/averaging/krum.h"
#include "learners/averaging/server_step.h"
#include "learners/nn/threads.h"
#include "learners/surgery/narrow.h"

namespace outrider::averaging {
namespace {

struct Moments {
  bool first = false;
  bool second = false;
  double start = 0;  // of the second
};

struct MomentsOf {
  Moments operator()(const FedAvg&) const { return {}; }
  Moments operator()(const FedAvgM&) const { return {true, false, 0}; }
  Moments operator()(const auto& rule) const { return {true, true, rule.tau * rule.tau}; }
};

nn::Parameters filled(const std::vector<nn::TensorSpec>& tensors, double value) {
  nn::Parameters parameters;
  for (const nn::TensorSpec& tensor : tensors)
    parameters.tensors.push_back({tensor, std::vector<float>(tensor.size(), static_cast<float>(value))});
  return parameters;
}

// An update in the order of keys, and what its values are multiplied by.
struct Weighed {
  const Update* update;
  double weight;
  double trained_factor;
  double statistics_factor;

  Scaled scaled(std::size_t tensor) const {
    const nn::Tensor& delta = update->delta.tensors[tensor];
    return {delta.values, delta.spec.trainable() ? trained_factor : statistics_factor};
  }
};

// Of the trained tensors or of the running statistics, which are no gradients and of another size.
double clip_factor(const nn::Parameters& delta, bool trainable, double limit, int threads) {
  if (limit <= 0) return 1;
  double square = 0;
  for (const nn::Tensor& tensor : delta.tensors)
    if (tensor.spec.trainable() == trainable) square += squared_distance({tensor.values}, {tensor.values, 0}, threads);
  const double norm = std::sqrt(square);
  return norm > limit ? limit / norm : 1;
}

std::vector<const Update*> in_order(std::span<const Update> updates) {
  std::vector<const Update*> order;
  for (const Update& update : updates) order.push_back(&update);
  std::ranges::sort(order, {}, [](const Update* update) { return key_of(*update); });
  const auto twice = std::ranges::adjacent_find(order, {}, [](const Update* update) { return key_of(*update); });
  if (twice != order.end())
    throw InputError(
        fmt::format("client {} has two updates of round {}; expected one", (*twice)->client.brief(), (*twice)->round));
  return order;
}

Weighed weigh(const Update& update, const Strategy& strategy, std::uint64_t round, int threads) {
  const std::uint64_t staleness = round - update.round;
  const double discount = staleness > 0 ? discount_factor(strategy.late->discount, staleness) : 1;
  return {&update, strategy.weighting == Weighting::kSamples ? static_cast<double>(update.samples) : 1.0,
          discount * clip_factor(update.delta, true, strategy.clip, threads),
          discount * clip_factor(update.delta, false, strategy.clip, threads)};
}

double squared_distance_between(const Weighed& a, const Weighed& b, int threads) {
  double total = 0;
  for (std::size_t t = 0; t < a.update->delta.tensors.size(); ++t)
    total += squared_distance(a.scaled(t), b.scaled(t), threads);
  return total;
}

std::vector<std::size_t> krum_choice(const std::vector<Weighed>& weighed, std::uint32_t byzantine, std::uint32_t chosen,
                                     int threads) {
  const std::size_t n = weighed.size();
  std::vector<double> distances(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < i; ++j)
      distances[i * n + j] = distances[j * n + i] = squared_distance_between(weighed[i], weighed[j], threads);
  return choose_krum(distances, n, byzantine, chosen);
}

// With Krum only those that it chooses are left, and count alike.
std::vector<Weighed> chosen_of(std::vector<Weighed> weighed, const Combination& combination, int threads) {
  const auto* one = std::get_if<Krum>(&combination);
  const auto* several = std::get_if<MultiKrum>(&combination);
  if (one == nullptr && several == nullptr) return weighed;
  const auto choice = krum_choice(weighed, one != nullptr ? one->byzantine : several->byzantine,
                                  one != nullptr ? 1 : several->chosen, threads);
  std::vector<Weighed> chosen;
  for (const std::size_t index : choice) {
    chosen.push_back(weighed[index]);
    chosen.back().weight = 1;
  }
  return chosen;
}

// What the updates say of each tensor. Narrow ones are spread over the places of those that they hold.
class ContributionsByTensor {
 public:
  ContributionsByTensor(const nn::NetworkSpec& network, const std::vector<Weighed>& weighed)
      : weighed_(weighed), groups_(surgery::channel_groups(network)) {
    for (const Weighed& each : weighed) selections_.push_back(surgery::leading_channels(groups_, each.update->width));
  }

  // Valid until the next call.
  std::span<const Vote> votes_on(std::size_t tensor, const nn::TensorSpec& spec) {
    votes_.clear();
    spread_.clear();
    for (std::size_t i = 0; i < weighed_.size(); ++i) {
      const Scaled scaled = weighed_[i].scaled(tensor);
      Vote& vote = votes_.emplace_back(Vote{scaled.values, {}, weighed_[i].weight, scaled.factor});
      if (scaled.values.size() < spec.size()) spread(selections_[i], spec, vote);
    }
    return votes_;
  }

 private:
  struct Spread {
    std::vector<float> values;
    std::vector<std::uint8_t> held;
  };

  void spread(const surgery::ChannelSelection& selection, const nn::TensorSpec& spec, Vote& vote) {
    Spread& whole =
        spread_.emplace_back(Spread{std::vector<float>(spec.size()), std::vector<std::uint8_t>(spec.size())});
    const auto places = surgery::selected_places(groups_, groups_.at(spec.name), selection);
    for (std::size_t i = 0; i < places.size(); ++i) {
      whole.values[places[i]] = vote.values[i];
      whole.held[places[i]] = 1;
    }
    vote.values = whole.values;
    vote.held = whole.held;
  }

  const std::vector<Weighed>& weighed_;
  surgery::ChannelGroups groups_;
  std::vector<surgery::ChannelSelection> selections_;
  std::vector<Vote> votes_;
  std::deque<Spread> spread_;  // whose elements stay where they are
};

// Karimireddy et al. 2020: c += |S| / N times the mean of the clients' changes, which is their sum / N.
void move_control(ServerState& state, const std::vector<Weighed>& weighed, std::uint64_t population, int threads) {
  require(population >= weighed.size(),
          fmt::format("the round has updates of {} clients; there are only {}", weighed.size(), population));
  const double share = static_cast<double>(weighed.size()) / static_cast<double>(population);
  for (std::size_t t = 0; t < state.control.tensors.size(); ++t) {
    std::vector<Vote> votes;
    for (const Weighed& each : weighed)
      votes.push_back({each.update->control.tensors[t].values, {}, 1, share});  // alike, whatever the weighting
    nn::Tensor& control = state.control.tensors[t];
    move_by(control.values, combine(votes, control.values.size(), WeightedMean{}, threads), 1);
  }
}

void check_finite(const nn::Parameters& parameters, const Strategy& strategy) {
  for (const nn::Tensor& tensor : parameters.tensors)
    require(std::ranges::all_of(tensor.values, [](float value) { return std::isfinite(value); }),
            fmt::format("the round leaves numbers that are not finite in {}; {}", tensor.spec.name,
                        advice_on_divergence(strategy)));
}

nn::Tensor* tensor_or_null(nn::Parameters& parameters, const std::string& name) {
  const auto found =
      std::ranges::find(parameters.tensors, name, [](const nn::Tensor& tensor) { return tensor.spec.name; });
  return found == parameters.tensors.end() ? nullptr : &*found;
}

void move_tensor(ServerState& state, const Strategy& strategy, const nn::TensorSpec& tensor, const Combined& combined) {
  nn::Tensor& weights = state.weights.at(tensor.name);
  if (!tensor.trainable()) {
    move_by(weights.values, combined, 1);
    if (tensor.role == nn::TensorRole::kRunningVariance)
      for (float& value : weights.values) value = std::max(value, 0.0F);
    return;
  }
  nn::Tensor* const momentum = tensor_or_null(state.momentum, tensor.name);
  nn::Tensor* const second = tensor_or_null(state.second, tensor.name);
  server_step(strategy, combined,
              {weights.values, momentum == nullptr ? std::span<float>() : std::span<float>(momentum->values),
               second == nullptr ? std::span<float>() : std::span<float>(second->values)});
}

}  // namespace

StateTensors state_tensors(const nn::NetworkSpec& network, const Strategy& strategy) {
  std::vector<nn::TensorSpec> trained = shared_tensors(network, strategy);
  std::erase_if(trained, [](const nn::TensorSpec& tensor) { return !tensor.trainable(); });
  const Moments moments = std::visit(MomentsOf{}, strategy.rule);
  StateTensors tensors;
  tensors.weights = nn::network_tensors(network);
  if (moments.first) tensors.momentum = trained;
  if (moments.second) tensors.second = trained;
  tensors.control = controlled_tensors(network, strategy);
  return tensors;
}

ServerState ServerState::initial(const nn::NetworkSpec& network, const Strategy& strategy, nn::Parameters weights) {
  strategy.check();
  weights.check(network);
  const StateTensors tensors = state_tensors(network, strategy);
  ServerState state;
  state.weights = std::move(weights);
  state.momentum = filled(tensors.momentum, 0);
  state.second = filled(tensors.second, std::visit(MomentsOf{}, strategy.rule).start);
  state.control = filled(tensors.control, 0);
  return state;
}

void ServerState::check(const nn::NetworkSpec& network, const Strategy& strategy) const {
  weights.check(network);
  const StateTensors tensors = state_tensors(network, strategy);
  check_tensors(momentum, tensors.momentum, "the server's momentum");
  check_tensors(second, tensors.second, "the server's second moment");
  for (const nn::Tensor& tensor : second.tensors)
    require(std::ranges::none_of(tensor.values, [](float value) { return value < 0; }),
            "the server's second moment has a negative value in " + tensor.spec.name);
  check_tensors(control, tensors.control, "the server's control variate");
}

ServerState narrow_state(const nn::NetworkSpec& network, const ServerState& state, double width) {
  assert(state.control.tensors.empty() || width == 1);
  return {state.round, surgery::narrow_parameters(network, state.weights, width), {}, {}, state.control};
}

ServerState apply_round(const nn::NetworkSpec& network, const Strategy& strategy, const ServerState& state,
                        std::span<const Update> updates, const RoundOptions& options) {
  strategy.check();
  state.check(network, strategy);
  require(!updates.empty(), fmt::format("round {} has no updates; expected 1 or more", state.round));
  const int threads = nn::resolve_threads(options.threads);
  std::vector<Weighed> weighed;
  for (const Update* update : in_order(updates)) {
    check_update(*update, network, strategy, state.round);
    weighed.push_back(weigh(*update, strategy, state.round, threads));
  }
  weighed = chosen_of(std::move(weighed), strategy.combination, threads);
  ServerState next = state;
  ++next.round;
  const auto tensors = shared_tensors(network, strategy);
  ContributionsByTensor by_tensor(network, weighed);
  for (std::size_t t = 0; t < tensors.size(); ++t)
    move_tensor(next, strategy, tensors[t],
                combine(by_tensor.votes_on(t, tensors[t]), tensors[t].size(), strategy.combination, threads));
  if (strategy.scaffold) move_control(next, weighed, options.population, threads);
  for (const auto* part : {&next.weights, &next.momentum, &next.second, &next.control}) check_finite(*part, strategy);
  return next;
}

}  // namespace outrider::averaging
