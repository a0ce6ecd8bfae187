// For tests: networks of several make, random weights for them, and what they compute.
#pragma once

#include <string>
#include <vector>

#include "learners/nn/parameters.h"
#include "learners/nn/plan.h"
#include "learners/random.h"

namespace outrider::surgery {

// A plain one, a residual one with a projection, and one with concatenation, depthwise and transposed convolution.
inline const char* const kTestNetworks[] = {
    "input 2x6x6; conv 8 k3 p1; batchnorm; relu; maxpool 2; conv 6 k3 p1; batchnorm; relu; flatten; linear 10; relu; "
    "linear 3",
    "input 2x6x6; conv 8 k3 p1 nobias; batchnorm; relu; as a; conv 8 k3 p1; batchnorm; add a; relu; as b; conv 12 k3 "
    "s2 "
    "p1; batchnorm; as c; from b; conv 12 k1 s2; add c; relu; globalavgpool; linear 3",
    "input 2x6x6; conv 5 k3 p1; relu; as a; conv 7 k1; concat a; conv 12 k3 p1 g12; instancenorm; relu; deconv 9 k2 "
    "s2; "
    "batchnorm sets2; globalavgpool; flatten; linear 3",
};

inline nn::Parameters random_weights(const nn::NetworkSpec& network, std::uint64_t seed) {
  nn::Parameters weights = nn::Parameters::initial(network, seed);
  Random random(seed, "weights");
  for (nn::Tensor& tensor : weights.tensors)
    if (tensor.spec.role != nn::TensorRole::kWeight)
      for (float& value : tensor.values) value = 0.5F + random.uniform();
  return weights;
}

inline std::vector<float> random_inputs(const nn::NetworkSpec& network, std::size_t count, std::uint64_t seed) {
  Random random(seed, "inputs");
  std::vector<float> inputs(count * network.input.size());
  for (float& value : inputs) value = random.normal();
  return inputs;
}

// On some random inputs.
inline std::vector<float> outputs_of(const nn::NetworkSpec& network, const nn::Parameters& weights) {
  constexpr std::size_t kCount = 5;
  nn::InferencePlan plan(network, weights, 1);
  std::vector<float> outputs(kCount * plan.output_size());
  plan.forward(random_inputs(network, kCount, 1), outputs);
  return outputs;
}

}  // namespace outrider::surgery
