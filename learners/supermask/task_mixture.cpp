#include "learners/supermask/task_mixture.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace outrider {

double softmax_entropy(std::span<const float> logits, std::size_t samples, std::span<float> gradient) {
  assert(samples > 0 && !logits.empty() && logits.size() % samples == 0 && gradient.size() == logits.size());
  const std::size_t classes = logits.size() / samples;
  const auto count = static_cast<double>(samples);
  std::vector<double> logarithms(classes);  // of the probabilities: finite where those underflow to 0
  double total = 0;
  for (std::size_t i = 0; i < samples; ++i) {
    const auto row = logits.subspan(i * classes, classes);
    const double largest = *std::ranges::max_element(row);
    double sum = 0;
    for (const float logit : row) sum += std::exp(logit - largest);
    double entropy = 0;
    for (std::size_t k = 0; k < classes; ++k) {
      logarithms[k] = row[k] - largest - std::log(sum);
      entropy -= std::exp(logarithms[k]) * logarithms[k];
    }
    for (std::size_t k = 0; k < classes; ++k)
      gradient[i * classes + k] = static_cast<float>(-std::exp(logarithms[k]) * (logarithms[k] + entropy) / count);
    total += entropy;
  }
  return total / count;
}

TaskMixture::TaskMixture(const BaseNetwork& base, const NamedTasks& tasks, std::size_t batch, int threads)
    : plan_(base.network, batch, threads) {
  plan_.load(nn::Parameters::initial(base.network, 0));
  for (const nn::Trainable& trainable : plan_.trainables()) mixed_.emplace_back(trainable.spec.size());
  const auto base_values = base.weight_values();
  for (const auto& [name, record] : tasks) {
    std::vector<SparseTensor>& made = tasks_.emplace_back();
    for (const nn::Tensor& tensor : masked_parameters(base, base_values, record).tensors) {
      if (!tensor.spec.trainable()) continue;
      SparseTensor& sparse = made.emplace_back();
      const auto count = tensor.values.size() - static_cast<std::size_t>(std::ranges::count(tensor.values, 0.0F));
      sparse.places.reserve(count);
      sparse.values.reserve(count);
      for (std::size_t i = 0; i < tensor.values.size(); ++i) {
        if (tensor.values[i] == 0) continue;
        sparse.places.push_back(static_cast<std::uint32_t>(i));
        sparse.values.push_back(tensor.values[i]);
      }
    }
    assert(made.size() == mixed_.size());
  }
}

double TaskMixture::entropy(std::span<const double> shares) {
  assert(shares.size() == tasks_.size());
  for (std::size_t tensor = 0; tensor < mixed_.size(); ++tensor) {
    std::vector<float>& mixed = mixed_[tensor];
    std::ranges::fill(mixed, 0.0F);
    for (std::size_t task = 0; task < tasks_.size(); ++task) {
      const auto share = static_cast<float>(shares[task]);
      if (share == 0) continue;
      const SparseTensor& sparse = tasks_[task][tensor];
      for (std::size_t i = 0; i < sparse.places.size(); ++i) mixed[sparse.places[i]] += share * sparse.values[i];
    }
    plan_.set_value(tensor, mixed);
  }
  return softmax_entropy(plan_.forward(), plan_.batch(), plan_.output_gradient());
}

std::vector<double> TaskMixture::slopes() {
  plan_.backward();
  std::vector<double> slopes(tasks_.size());
  for (std::size_t tensor = 0; tensor < mixed_.size(); ++tensor) {
    std::vector<float>& gradient = mixed_[tensor];
    plan_.copy_gradient(tensor, gradient);
    for (std::size_t task = 0; task < tasks_.size(); ++task) {
      const SparseTensor& sparse = tasks_[task][tensor];
      for (std::size_t i = 0; i < sparse.places.size(); ++i)
        slopes[task] += static_cast<double>(gradient[sparse.places[i]]) * static_cast<double>(sparse.values[i]);
    }
  }
  return slopes;
}

}  // namespace outrider
