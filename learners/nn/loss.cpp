#include "learners/nn/loss.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

namespace outrider::nn {

double softmax_cross_entropy(std::span<const float> logits, std::span<const std::uint32_t> labels,
                             std::span<float> gradient) {
  assert(!labels.empty() && logits.size() % labels.size() == 0 && gradient.size() == logits.size());
  const std::size_t classes = logits.size() / labels.size();
  const auto samples = static_cast<double>(labels.size());
  double loss = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    assert(labels[i] < classes);
    const auto row = logits.subspan(i * classes, classes);
    const auto slope = gradient.subspan(i * classes, classes);
    const double largest = *std::ranges::max_element(row);
    double sum = 0;
    for (const float logit : row) sum += std::exp(logit - largest);
    for (std::size_t k = 0; k < classes; ++k)
      slope[k] = static_cast<float>((std::exp(row[k] - largest) / sum - (k == labels[i] ? 1.0 : 0.0)) / samples);
    loss += std::log(sum) - (row[labels[i]] - largest);
  }
  return loss / samples;
}

double masked_cross_entropy(std::span<const float> logits, std::span<const std::uint32_t> labels,
                            std::span<const std::uint8_t> counted, std::span<float> gradient) {
  const std::size_t classes = counted.size();
  assert(!labels.empty() && logits.size() == labels.size() * classes && gradient.size() == logits.size());
  std::vector<float> masked(logits.begin(), logits.end());
  for (std::size_t i = 0; i < masked.size(); ++i)
    if (counted[i % classes] == 0) masked[i] = 0;
  const double loss = softmax_cross_entropy(masked, labels, gradient);
  for (std::size_t i = 0; i < gradient.size(); ++i)
    if (counted[i % classes] == 0) gradient[i] = 0;
  return loss;
}

double mean_squared_error(std::span<const float> output, std::span<const float> target, std::span<float> gradient) {
  assert(!output.empty() && output.size() == target.size() && output.size() == gradient.size());
  const auto count = static_cast<double>(output.size());
  double sum = 0;
  for (std::size_t i = 0; i < output.size(); ++i) {
    const double difference = static_cast<double>(output[i]) - static_cast<double>(target[i]);
    sum += difference * difference;
    gradient[i] = static_cast<float>(2.0 * difference / count);
  }
  return sum / count;
}

std::size_t count_correct(std::span<const float> logits, std::span<const std::uint32_t> labels) {
  assert(!labels.empty() && logits.size() % labels.size() == 0);
  const std::size_t classes = logits.size() / labels.size();
  std::size_t correct = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = logits.subspan(i * classes, classes);
    correct += std::ranges::max_element(row) - row.begin() == static_cast<std::ptrdiff_t>(labels[i]);
  }
  return correct;
}

}  // namespace outrider::nn
