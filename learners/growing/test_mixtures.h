// For tests: small mixture networks with random numbers.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "learners/growing/mixture_network.h"
#include "learners/nn/optimizer.h"
#include "learners/random.h"

namespace outrider::growing {

// With sets that are shared, a projection, and norms.
inline MixtureForm residual_form(std::uint32_t parts = 1) {
  return {.part = nn::parse_network("input 2x6x6; conv 4 k3 p1 nobias; batchnorm; relu; as a; conv 4 k3 p1; batchnorm; "
                                    "relu; conv 4 k3 p1; add a; batchnorm; relu; as b; conv 6 k3 s2 p1; batchnorm; as "
                                    "c; from b; conv 6 k1 s2; add c; relu; globalavgpool; linear 5; relu; linear 3"),
          .templates = 2,
          .parts = parts};
}

// Without kinks, for finite differences: two convolutions share a set, and a fully connected layer reads pixels.
inline MixtureForm smooth_form(std::uint32_t parts) {
  return {.part = nn::parse_network("input 1x4x4; conv 3 k3 p1; batchnorm; tanh; as a; conv 3 k3 p1 nobias; batchnorm; "
                                    "tanh; conv 3 k3 p1; add a; avgpool 2; flatten; linear 4; tanh; linear 3"),
          .templates = 2,
          .parts = parts};
}

inline std::vector<float> random_values(std::size_t count, std::uint64_t seed, float size = 1) {
  Random random(seed, "values");
  std::vector<float> values(count);
  for (float& value : values) value = size * random.normal();
  return values;
}

// All numbers random; of any number of parts.
inline MixtureNetwork random_mixture(const MixtureForm& form, std::uint64_t seed) {
  const MixtureLayout layout = layout_of(form);
  MixtureNetwork network{form, {}, {}, {}};
  for (std::uint32_t part = 0; part < form.parts; ++part)
    for (const auto& dims : layout.sets) network.templates.push_back(random_values(set_size(form, dims), ++seed, 0.4F));
  for (std::size_t t = 0; t < layout.mixed.size(); ++t)
    network.coefficients.push_back(random_values(coefficient_count(form), ++seed, 0.7F));
  for (const PlainTensor& tensor : layout.plain) {
    network.plain.tensors.push_back({tensor.whole, random_values(tensor.whole.size(), ++seed, 0.5F)});
    if (tensor.whole.role == nn::TensorRole::kGamma || tensor.whole.role == nn::TensorRole::kRunningVariance)
      for (float& value : network.plain.tensors.back().values) value = 0.5F + std::abs(value);
  }
  return network;
}

}  // namespace outrider::growing
