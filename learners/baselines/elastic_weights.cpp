#include "learners/baselines/elastic_weights.h"

#include <algorithm>
#include <cassert>

#include "learners/encoders/batches.h"
#include "learners/nn/loss.h"

namespace outrider::baselines {
namespace {

TrainableValues values_of(std::span<const nn::Trainable> trainables) {
  TrainableValues values;
  for (const nn::Trainable& trainable : trainables) values.emplace_back(trainable.value.begin(), trainable.value.end());
  return values;
}

void add_squares(std::span<const nn::Trainable> trainables, std::vector<std::vector<double>>& sums) {
  for (std::size_t t = 0; t < trainables.size(); ++t)
    for (std::size_t i = 0; i < sums[t].size(); ++i) {
      const double slope = trainables[t].gradient[i];
      sums[t][i] += slope * slope;
    }
}

// Plain tensors in the layouts of a plan: it is asked to take them for its own for a moment.
TrainableValues in_layouts_of(nn::TrainingPlan& plan, const nn::Parameters& plain) {
  const nn::Parameters own = plan.parameters();
  plan.load(plain);
  TrainableValues values = values_of(plan.trainables());
  plan.load(own);
  return values;
}

}  // namespace

TrainableValues fisher_diagonal(nn::TrainingPlan& plan, const Dataset& task, const Preprocessing& preprocessing,
                                std::size_t samples, std::uint64_t seed) {
  assert(samples > 0);
  nn::TrainingPlan single(plan.spec(), 1, plan.threads(), {.statistics = nn::StatisticsSource::kRunning});
  single.load(plan.parameters());
  const auto trainables = single.trainables();
  std::vector<std::vector<double>> sums;
  for (const nn::Trainable& trainable : trainables) sums.emplace_back(trainable.value.size());
  Batches pictures(task, preprocessing, {.size = 1, .seed = seed});
  const std::size_t count = std::min(samples, task.size());
  for (std::size_t i = 0; i < count; ++i) {
    const Batch& picture = pictures.next();
    nn::softmax_cross_entropy(single.forward(picture.input), picture.labels, single.output_gradient());
    single.backward();
    add_squares(trainables, sums);
  }
  // A batch of one may like other layouts than the plan's: gradients know how to become plain tensors.
  for (std::size_t t = 0; t < trainables.size(); ++t)
    std::ranges::transform(sums[t], trainables[t].gradient.begin(),
                           [&](double sum) { return static_cast<float>(sum / static_cast<double>(count)); });
  return in_layouts_of(plan, single.gradients());
}

void ElasticWeights::consolidate(std::span<const nn::Trainable> weights, const TrainableValues& importance) {
  if (importance_.empty()) {
    importance_ = importance;
    centre_ = values_of(weights);
    return;
  }
  assert(importance.size() == importance_.size() && weights.size() == importance_.size());
  for (std::size_t t = 0; t < weights.size(); ++t)
    for (std::size_t i = 0; i < importance[t].size(); ++i) {
      const double before = importance_[t][i];
      const double sum = before + importance[t][i];
      const double share = sum > 0 ? importance[t][i] / sum : 1;
      centre_[t][i] += static_cast<float>(share * (static_cast<double>(weights[t].value[i]) - centre_[t][i]));
      importance_[t][i] = static_cast<float>(sum);
    }
}

double ElasticWeights::penalty(std::span<const nn::Trainable> weights) const {
  double sum = 0;
  for (std::size_t t = 0; t < importance_.size(); ++t)
    for (std::size_t i = 0; i < importance_[t].size(); ++i) {
      const double distance = static_cast<double>(weights[t].value[i]) - centre_[t][i];
      sum += importance_[t][i] * distance * distance;
    }
  return strength_ / 2.0 * sum;
}

void ElasticWeights::add_gradient(std::span<const nn::Trainable> weights) const {
  for (std::size_t t = 0; t < importance_.size(); ++t) {
    const nn::Trainable& weight = weights[t];
    for (std::size_t i = 0; i < importance_[t].size(); ++i)
      weight.gradient[i] += strength_ * importance_[t][i] * (weight.value[i] - centre_[t][i]);
  }
}

}  // namespace outrider::baselines
