#include "learners/prototypical/novelty.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <string_view>

namespace outrider {
namespace {

constexpr double kNormalQuantile = 2.3263478740408408;  // of 0.99
constexpr double kImagined = 10;                        // examples of average spread in each class

// For each class, in their order, the state that tells its spread; null: none does.
std::vector<const ClassState*> spreads_of(const Novelty::Classes& classes, const Novelty::Classes& own) {
  std::map<std::string_view, const ClassState*> telling;
  for (const auto* known : {&own, &classes})  // what is in `classes` counts first
    for (const auto& [name, state] : *known)
      if (state.keeps_deviations()) telling[name] = &state;
  std::vector<const ClassState*> spreads;
  for (const auto& [name, state] : classes) {
    const auto found = telling.find(name);
    spreads.push_back(found == telling.end() ? nullptr : found->second);
  }
  return spreads;
}

double sum_of(std::span<const float> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

// By how much the mean is exceeded by one in a hundred.
double exceedance(const std::vector<double>& variances) {
  const double sum = std::accumulate(variances.begin(), variances.end(), 0.0);
  const double squares = std::inner_product(variances.begin(), variances.end(), variances.begin(), 0.0);
  const double part = 2 / (9 * (sum * sum / squares));
  return std::pow(1 - part + kNormalQuantile * std::sqrt(part), 3);
}

}  // namespace

Novelty::Novelty(const Classes& classes, const Classes& own) {
  std::vector<double> variances(classes.front().second.dimension());
  double freedom = 0;
  const std::vector<const ClassState*> spreads = spreads_of(classes, own);
  for (const ClassState* spread : spreads) {
    if (!spread) continue;
    freedom += static_cast<double>(spread->count - 1);
    for (std::size_t j = 0; j < variances.size(); ++j) variances[j] += static_cast<double>(spread->deviations[j]);
  }
  if (freedom <= 0) return;
  for (double& variance : variances) variance /= freedom;
  const double pooled = std::accumulate(variances.begin(), variances.end(), 0.0);
  if (!(pooled > 0)) return;
  const double excess = exceedance(variances);
  for (std::size_t k = 0; k < classes.size(); ++k) {
    const ClassState& state = classes[k].second;
    const ClassState* spread = spreads[k];
    const double deviations = spread ? sum_of(spread->deviations) : 0;
    const double examples = spread ? static_cast<double>(spread->count - 1) : 0;
    const double expected = (deviations + kImagined * pooled) / (examples + kImagined);
    clouds_.push_back({state.prototype(), excess * expected * (1 + 1 / static_cast<double>(state.count))});
  }
}

std::optional<double> Novelty::strangeness(std::span<const float> embedding) const {
  if (clouds_.empty()) return std::nullopt;
  double least = std::numeric_limits<double>::infinity();
  for (const Cloud& cloud : clouds_) {
    double distance = 0;
    for (std::size_t j = 0; j < embedding.size(); ++j) {
      const double difference = static_cast<double>(embedding[j]) - static_cast<double>(cloud.mean[j]);
      distance += difference * difference;
    }
    least = std::min(least, distance / cloud.farthest);
  }
  return least;
}

}  // namespace outrider
