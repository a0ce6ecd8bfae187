#include "learners/surgery/growth_plan.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/random.h"
#include "learners/surgery/net2net.h"
#include "learners/training/training_cost.h"

namespace outrider::surgery {
namespace {

// Steps that exceed the limits of networks do not fit either.
bool steps_fit(const GrowthPlan& plan, nn::NetworkSpec network, const std::vector<GrowthStep>& steps) {
  training::TrainingCost cost;
  const auto objection = objection_of([&] {
    for (const GrowthStep& step : steps) network = grown_network(network, step);
    cost = training::training_cost(network, plan.workload);
  });
  return !objection && cost.bytes <= plan.capacity.bytes && cost.flops <= plan.capacity.flops;
}

std::vector<GrowthStep> wider_everywhere(const GrowthPlan& plan, const nn::NetworkSpec& network, double factor,
                                         std::uint64_t growth) {
  Random random(plan.seed, "growth plan", 0, growth);
  const auto shapes = network.shapes();
  std::vector<GrowthStep> steps;
  for (const std::size_t layer : widenable_layers(network)) {
    const auto channels = static_cast<double>(shapes[layer + 1].channels);
    steps.emplace_back(WidenStep{.layer = layer,
                                 .channels = static_cast<std::int64_t>(std::ceil(channels * factor)),
                                 .seed = random(),
                                 .fresh = plan.fresh});
  }
  return steps;
}

std::vector<GrowthStep> widest_growth(const GrowthPlan& plan, const nn::NetworkSpec& network, std::uint64_t growth) {
  for (const double part : {1.0, 0.5, 0.25}) {
    auto steps = wider_everywhere(plan, network, 1 + part * (plan.factor - 1), growth);
    if (steps_fit(plan, network, steps)) return steps;
  }
  return {};
}

// After the last ReLU of each resolution; from the last to the first, so that each step leaves the layers of those
// after it where they are.
std::vector<GrowthStep> deeper_everywhere(const GrowthPlan& plan, const nn::NetworkSpec& network) {
  const auto shapes = network.shapes();
  auto layers = deepenable_layers(network);
  const auto pixels = [&](std::size_t layer) { return shapes[layer + 1].height * shapes[layer + 1].width; };
  if (std::ranges::any_of(layers, [&](std::size_t layer) { return pixels(layer) > 1; }))
    std::erase_if(layers, [&](std::size_t layer) { return pixels(layer) == 1; });
  std::vector<GrowthStep> steps;
  for (std::size_t i = layers.size(); i-- > 0;)
    if (i + 1 == layers.size() || pixels(layers[i]) != pixels(layers[i + 1]))
      steps.emplace_back(DeepenStep{.layer = layers[i], .kernel = plan.kernel});
  return steps;
}

// Convolutions cost the more the more pixels there are: the last steps, at the first layers, go first.
std::vector<GrowthStep> deepest_growth(const GrowthPlan& plan, const nn::NetworkSpec& network) {
  auto steps = deeper_everywhere(plan, network);
  while (!steps.empty() && !steps_fit(plan, network, steps)) steps.pop_back();
  return steps;
}

}  // namespace

void GrowthPlan::check() const {
  require(factor > 1 && factor <= 16,
          fmt::format("growth multiplies widths by {}; expected more than 1 and at most 16", factor));
  require(kernel >= 1 && kernel % 2 == 1 && kernel <= DeepenStep::kMaxKernel,
          fmt::format("growth adds kernels of {}; expected an odd number up to {}", kernel, DeepenStep::kMaxKernel));
}

std::vector<GrowthStep> planned_growth(const GrowthPlan& plan, const nn::NetworkSpec& network, std::uint64_t growth) {
  plan.check();
  const bool wide = growth % 2 == 0;
  auto steps = wide ? widest_growth(plan, network, growth) : deepest_growth(plan, network);
  if (!steps.empty()) return steps;
  return wide ? deepest_growth(plan, network) : widest_growth(plan, network, growth);
}

GrowthController::GrowthController(const PlateauRule& rule, const GrowthPlan& plan, const PlateauState& state)
    : plateau_(rule, state), plan_(plan) {
  plan_.check();
}

std::vector<GrowthStep> GrowthController::observe(double score, const nn::NetworkSpec& network) {
  if (!plateau_.observe(score)) return {};
  return planned_growth(plan_, network, plateau_.state().growths - 1);
}

}  // namespace outrider::surgery
