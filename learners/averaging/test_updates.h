// For tests: a small network, random weights and random updates of it.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "knowledge/test_clients.h"
#include "learners/averaging/server.h"
#include "learners/random.h"

namespace outrider::averaging {

inline nn::NetworkSpec small_network() {
  return nn::parse_network("input 1x4x4; conv 3 k3 p1; batchnorm; relu; flatten; linear 4");
}

inline nn::Parameters random_tensors(Random& random, const std::vector<nn::TensorSpec>& specs, float size) {
  nn::Parameters parameters;
  for (const nn::TensorSpec& spec : specs) {
    nn::Tensor& tensor = parameters.tensors.emplace_back(nn::Tensor{spec, std::vector<float>(spec.size())});
    for (float& value : tensor.values) value = size * random.normal();
  }
  return parameters;
}

// As of a client that trained: its running variances stay above 0.
inline Update random_update(Random& random, unsigned client, std::uint64_t round, const nn::NetworkSpec& network,
                            const Strategy& strategy) {
  Update update{shuffled_client(client), round, 1 + random.below(1000), {}, {}, 1};
  update.delta = random_tensors(random, shared_tensors(network, strategy), 0.1F);
  for (nn::Tensor& tensor : update.delta.tensors)
    for (float& value : tensor.values)
      if (tensor.spec.role == nn::TensorRole::kRunningVariance) value = 0.01F * std::abs(value);
  update.control = random_tensors(random, controlled_tensors(network, strategy), 0.1F);
  return update;
}

inline std::vector<Update> random_updates(Random& random, unsigned count, std::uint64_t round,
                                          const nn::NetworkSpec& network, const Strategy& strategy) {
  std::vector<Update> updates;
  for (unsigned client = 0; client < count; ++client)
    updates.push_back(random_update(random, client, round, network, strategy));
  return updates;
}

}  // namespace outrider::averaging
