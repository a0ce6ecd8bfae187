// Instance norm, alone or beside batch norm, on plain batch x channels x plane values. Internal to this folder.
#pragma once

#include <cstddef>
#include <span>

namespace outrider::nn {

struct NormalizationShape {
  std::size_t batch = 1;
  std::size_t channels = 1;
  std::size_t plane = 1;              // height x width
  std::size_t instance_channels = 0;  // the first ones; the others are normalised over the batch
  float epsilon = 1e-5F;
  bool given = false;  // batch statistics are read, not computed

  // Statistics lie channel by channel: for each instance channel one per sample, then one for each other channel.
  std::size_t statistics() const { return shared_offset() + channels - instance_channels; }
  std::size_t shared_offset() const { return batch * instance_channels; }
};

struct NormalizationInput {
  std::span<const float> values;
  std::span<const float> gamma;  // empty: 1
  std::span<const float> beta;   // empty: 0
};

struct NormalizationStatistics {
  std::span<float> mean;
  std::span<float> variance;  // biased
};

struct NormalizationGradients {
  std::span<float> values;
  std::span<float> gamma;  // may be empty
  std::span<float> beta;   // may be empty
};

// Sums in double in an order that does not depend on the number of threads.
void normalize_forward(const NormalizationShape& shape, const NormalizationInput& input,
                       const NormalizationStatistics& statistics, std::span<float> output);
void normalize_backward(const NormalizationShape& shape, const NormalizationInput& input,
                        const NormalizationStatistics& statistics, std::span<const float> output_gradient,
                        const NormalizationGradients& gradients);

}  // namespace outrider::nn
