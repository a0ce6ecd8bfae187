// For tests: the formulas of the papers in double precision, one weight at a time.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "learners/averaging/server.h"

namespace outrider::averaging {

class ReferenceServer {
 public:
  using Values = std::map<std::string, std::vector<double>>;

  ReferenceServer(const Strategy& strategy, const nn::Parameters& weights) : strategy_(strategy) {
    for (const nn::Tensor& tensor : weights.tensors)
      x[tensor.spec.name].assign(tensor.values.begin(), tensor.values.end());
    for (const auto& [name, values] : x) {
      m[name].resize(values.size());
      v[name].assign(values.size(), square_of_tau());
      c[name].resize(values.size());
    }
  }

  Values x, m, v, c;

  void round(std::vector<Update> updates, std::uint64_t number, double population) {
    for (Update& update : updates) prepare(update, number);
    if (const auto* krum = std::get_if<Krum>(&strategy_.combination)) updates = nearest(updates, krum->byzantine, 1);
    if (const auto* krum = std::get_if<MultiKrum>(&strategy_.combination))
      updates = nearest(updates, krum->byzantine, krum->chosen);
    const nn::Parameters& first = updates.front().delta;
    for (std::size_t t = 0; t < first.tensors.size(); ++t)
      for (std::size_t i = 0; i < first.tensors[t].values.size(); ++i)
        step(first.tensors[t].spec, i, combined(updates, t, i));
    for (std::size_t t = 0; t < updates.front().control.tensors.size(); ++t)
      for (std::size_t i = 0; i < updates.front().control.tensors[t].values.size(); ++i)
        for (const Update& update : updates)
          c[update.control.tensors[t].spec.name][i] +=
              static_cast<double>(update.control.tensors[t].values[i]) / population;
  }

 private:
  double square_of_tau() const {
    return std::visit(
        [](const auto& rule) {
          if constexpr (requires { rule.tau; }) return rule.tau * rule.tau;
          return 0.0;
        },
        strategy_.rule);
  }

  void prepare(Update& update, std::uint64_t number) const {
    double squares[2] = {};
    for (const nn::Tensor& tensor : update.delta.tensors)
      for (const float value : tensor.values)
        squares[tensor.spec.trainable() ? 1 : 0] += std::pow(static_cast<double>(value), 2);
    const auto age = static_cast<double>(number - update.round);
    const double exponent = !strategy_.late                                   ? 0
                            : strategy_.late->discount == Discount::kConstant ? 0
                            : strategy_.late->discount == Discount::kSqrt     ? -0.5
                                                                              : -1;
    for (nn::Tensor& tensor : update.delta.tensors) {
      const double norm = std::sqrt(squares[tensor.spec.trainable() ? 1 : 0]);
      const double clipped = strategy_.clip > 0 ? std::min(1.0, strategy_.clip / norm) : 1.0;
      for (float& value : tensor.values)
        value = static_cast<float>(static_cast<double>(value) * clipped * std::pow(1 + age, exponent));
    }
  }

  static double distance(const Update& a, const Update& b) {
    double sum = 0;
    for (std::size_t t = 0; t < a.delta.tensors.size(); ++t)
      for (std::size_t i = 0; i < a.delta.tensors[t].values.size(); ++i)
        sum += std::pow(
            static_cast<double>(a.delta.tensors[t].values[i]) - static_cast<double>(b.delta.tensors[t].values[i]), 2);
    return sum;
  }

  static std::vector<Update> nearest(const std::vector<Update>& updates, std::size_t byzantine, std::size_t count) {
    std::multimap<double, Update> by_score;
    for (const Update& own : updates) {
      std::vector<double> distances;
      for (const Update& other : updates)
        if (key_of(other) != key_of(own)) distances.push_back(distance(own, other));
      std::sort(distances.begin(), distances.end());
      double score = 0;
      for (std::size_t i = 0; i + byzantine + 2 < updates.size(); ++i) score += distances[i];
      by_score.emplace(score, own);
    }
    std::vector<Update> chosen;
    for (const auto& [score, update] : by_score)
      if (chosen.size() < count) {
        chosen.push_back(update);
        chosen.back().samples = 1;
      }
    return chosen;
  }

  double combined(const std::vector<Update>& updates, std::size_t t, std::size_t i) const {
    std::vector<double> values;
    double sum = 0;
    double weights = 0;
    for (const Update& update : updates) {
      const double weight = strategy_.weighting == Weighting::kSamples ? static_cast<double>(update.samples) : 1.0;
      values.push_back(static_cast<double>(update.delta.tensors[t].values[i]));
      sum += weight * values.back();
      weights += weight;
    }
    std::sort(values.begin(), values.end());
    const std::size_t n = values.size();
    if (std::holds_alternative<Median>(strategy_.combination)) return (values[(n - 1) / 2] + values[n / 2]) / 2;
    const auto* trimmed = std::get_if<TrimmedMean>(&strategy_.combination);
    if (trimmed == nullptr) return sum / weights;
    const auto cut = static_cast<std::size_t>(std::floor(trimmed->share * static_cast<double>(n)));
    double kept = 0;
    for (std::size_t k = cut; k < n - cut; ++k) kept += values[k] / static_cast<double>(n - 2 * cut);
    return kept;
  }

  void step(const nn::TensorSpec& tensor, std::size_t i, double d) {
    double& weight = x[tensor.name][i];
    if (!tensor.trainable()) {
      weight += d;
      return;
    }
    double& momentum = m[tensor.name][i];
    double& second = v[tensor.name][i];
    const double square = d * d;
    if (const auto* avgm = std::get_if<FedAvgM>(&strategy_.rule)) {
      momentum = avgm->momentum * momentum + d;
      weight += strategy_.rate * momentum;
    } else if (const auto* adagrad = std::get_if<FedAdagrad>(&strategy_.rule)) {
      second += square;
      adapt(weight, momentum, second, d, adagrad->beta1, adagrad->tau);
    } else if (const auto* adam = std::get_if<FedAdam>(&strategy_.rule)) {
      second = adam->beta2 * second + (1 - adam->beta2) * square;
      adapt(weight, momentum, second, d, adam->beta1, adam->tau);
    } else if (const auto* yogi = std::get_if<FedYogi>(&strategy_.rule)) {
      second -= (1 - yogi->beta2) * square * (second > square ? 1 : second < square ? -1 : 0);
      adapt(weight, momentum, second, d, yogi->beta1, yogi->tau);
    } else {
      weight += strategy_.rate * d;
    }
  }

  void adapt(double& weight, double& momentum, double second, double d, double beta1, double tau) const {
    momentum = beta1 * momentum + (1 - beta1) * d;
    weight += strategy_.rate * momentum / (std::sqrt(second) + tau);
  }

  Strategy strategy_;
};

}  // namespace outrider::averaging
