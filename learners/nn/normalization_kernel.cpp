#include "learners/nn/normalization_kernel.h"

#include <cassert>
#include <cmath>

namespace outrider::nn {
namespace {

// The samples of one channel that share statistics: [first, last), and where those lie.
struct Group {
  std::size_t first;
  std::size_t last;
  std::size_t statistic;
};

template <typename Visit>
void for_groups(const NormalizationShape& shape, std::size_t channel, Visit visit) {
  if (channel < shape.instance_channels) {
    for (std::size_t n = 0; n < shape.batch; ++n) visit(Group{n, n + 1, channel * shape.batch + n});
  } else {
    visit(Group{0, shape.batch, shape.shared_offset() + channel - shape.instance_channels});
  }
}

// Calls visit(value) for every value of the group.
template <typename Visit>
void for_values(const NormalizationShape& shape, std::size_t channel, const Group& group, Visit visit) {
  for (std::size_t n = group.first; n < group.last; ++n) {
    const std::size_t begin = (n * shape.channels + channel) * shape.plane;
    for (std::size_t i = begin; i < begin + shape.plane; ++i) visit(i);
  }
}

void measure(const NormalizationShape& shape, std::size_t channel, const Group& group, std::span<const float> values,
             const NormalizationStatistics& statistics) {
  const auto count = static_cast<double>((group.last - group.first) * shape.plane);
  double sum = 0;
  for_values(shape, channel, group, [&](std::size_t i) { sum += values[i]; });
  const double mean = sum / count;
  double squares = 0;
  for_values(shape, channel, group, [&](std::size_t i) { squares += (values[i] - mean) * (values[i] - mean); });
  statistics.mean[group.statistic] = static_cast<float>(mean);
  statistics.variance[group.statistic] = static_cast<float>(squares / count);
}

float inverse_deviation(float variance, float epsilon) {
  return 1.0F / std::sqrt(variance + epsilon);
}

}  // namespace

void normalize_forward(const NormalizationShape& shape, const NormalizationInput& input,
                       const NormalizationStatistics& statistics, std::span<float> output) {
  assert(input.values.size() == output.size() && output.size() == shape.batch * shape.channels * shape.plane);
#pragma omp parallel for schedule(static)
  for (std::size_t channel = 0; channel < shape.channels; ++channel) {
    const bool given = shape.given && channel >= shape.instance_channels;
    const float gamma = input.gamma.empty() ? 1.0F : input.gamma[channel];
    const float beta = input.beta.empty() ? 0.0F : input.beta[channel];
    for_groups(shape, channel, [&](const Group& group) {
      if (!given) measure(shape, channel, group, input.values, statistics);
      const float mean = statistics.mean[group.statistic];
      const float scale = gamma * inverse_deviation(statistics.variance[group.statistic], shape.epsilon);
      for_values(shape, channel, group, [&](std::size_t i) { output[i] = scale * (input.values[i] - mean) + beta; });
    });
  }
}

void normalize_backward(const NormalizationShape& shape, const NormalizationInput& input,
                        const NormalizationStatistics& statistics, std::span<const float> output_gradient,
                        const NormalizationGradients& gradients) {
#pragma omp parallel for schedule(static)
  for (std::size_t channel = 0; channel < shape.channels; ++channel) {
    const bool given = shape.given && channel >= shape.instance_channels;
    const float gamma = input.gamma.empty() ? 1.0F : input.gamma[channel];
    double gamma_gradient = 0;
    double beta_gradient = 0;
    for_groups(shape, channel, [&](const Group& group) {
      const float mean = statistics.mean[group.statistic];
      const float inverse = inverse_deviation(statistics.variance[group.statistic], shape.epsilon);
      double sum = 0;
      double product = 0;
      for_values(shape, channel, group, [&](std::size_t i) {
        sum += output_gradient[i];
        product += static_cast<double>(output_gradient[i]) * ((input.values[i] - mean) * inverse);
      });
      gamma_gradient += product;
      beta_gradient += sum;
      const auto count = static_cast<double>((group.last - group.first) * shape.plane);
      const float shift = given ? 0.0F : static_cast<float>(sum / count);
      const float slope = given ? 0.0F : static_cast<float>(product / count);
      for_values(shape, channel, group, [&](std::size_t i) {
        const float normal = (input.values[i] - mean) * inverse;
        gradients.values[i] = gamma * inverse * (output_gradient[i] - shift - normal * slope);
      });
    });
    if (!gradients.gamma.empty()) gradients.gamma[channel] = static_cast<float>(gamma_gradient);
    if (!gradients.beta.empty()) gradients.beta[channel] = static_cast<float>(beta_gradient);
  }
}

}  // namespace outrider::nn
