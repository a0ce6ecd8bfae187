#include "client/class_shares.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <numeric>

#include "learners/data/resize.h"
#include "learners/encoders/embedder.h"

namespace outrider::client {
namespace {

std::vector<double> softmax(std::span<const float> logits) {
  const float largest = *std::ranges::max_element(logits);
  std::vector<double> shares(logits.size());
  std::ranges::transform(logits, shares.begin(),
                         [&](float logit) { return std::exp(static_cast<double>(logit) - largest); });
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share /= sum;
  return shares;
}

}  // namespace

LikelyClasses likely_classes(std::span<const float> logits, const std::vector<std::string>& classes) {
  assert(logits.size() == classes.size() && classes.size() >= 2);
  const std::vector<double> shares = softmax(logits);
  std::vector<std::size_t> order(shares.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t i) { return shares[i]; });
  LikelyClasses answer{classes[order[0]], shares[order[0]], classes[order[1]], shares[order[1]]};
  for (const std::size_t i : order) answer.shares.emplace_back(classes[i], shares[i]);
  return answer;
}

LikelyClasses likely_classes(const Image& picture, const Preprocessing& preprocessing, nn::InferencePlan& plan,
                             const std::vector<std::string>& classes) {
  const Image resized = resize(picture, preprocessing.input);
  const auto values = pixel_values(preprocessing);
  std::vector<float> logits(classes.size());
  plan.forward(
      1, [&](std::size_t, std::span<float> input) { preprocess(resized.pixels, values, input); }, logits);
  return likely_classes(logits, classes);
}

Ranking ranking_of(const LikelyClasses& answer) {
  Ranking ranking;
  for (const auto& [name, share] : answer.shares) ranking.classes.push_back({name, share});
  return ranking;
}

}  // namespace outrider::client
