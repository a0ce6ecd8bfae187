// For tests: a small base network, random records of tasks over it, and clients.
#pragma once

#include <cmath>

#include "knowledge/contribution.h"
#include "learners/random.h"
#include "learners/supermask/task_record.h"

namespace outrider {

struct RandomRecord {
  std::vector<std::string> classes{"cat", "dog", "owl"};
  double density = 0.3;  // each layer has one kept weight at least
  bool values = true;
  bool ranks = true;
};

// Two layers of 27 and 192 weights with a batch norm of 3 channels between, and four outputs.
inline BaseNetwork small_base(std::uint64_t seed = 1) {
  BaseNetwork base;
  base.preprocessing = {{1, 4, 4}, true, 0.25F, 0.5F};
  base.network =
      nn::parse_network("input 1x4x4; conv 3 k3 p1 nobias; batchnorm noaffine; relu; flatten; linear 4 nobias");
  base.seed = seed;
  return base;
}

// Values and statistics of very different size, so that floating point sums depend on their order.
inline float scattered_value(Random& random) {
  return std::ldexp(random.normal(), static_cast<int>(random.below(24)) - 12);
}

inline LayerMask random_layer(Random& random, std::size_t size, const RandomRecord& options) {
  LayerMask layer;
  layer.kept.resize(size);
  for (std::uint8_t& kept : layer.kept) kept = static_cast<double>(random.uniform()) < options.density ? 1 : 0;
  layer.kept[random.below(static_cast<std::uint32_t>(size))] = 1;
  for (std::size_t i = layer.count(); i > 0; --i) {
    if (options.values) layer.values.push_back(scattered_value(random));
    if (options.ranks) layer.ranks.push_back(static_cast<std::uint8_t>(random.below(kRankLevels)));
  }
  return layer;
}

inline TaskRecord random_record(Random& random, const BaseNetwork& base, const RandomRecord& options = {}) {
  TaskRecord record;
  record.classes = options.classes;
  record.examples = 1 + random.below(1000);
  record.place = 1 + random.below(9);
  for (const nn::TensorSpec& tensor : base.weight_tensors())
    record.layers.push_back(random_layer(random, tensor.size(), options));
  for (const nn::TensorSpec& tensor : statistics_tensors(base.network))
    for (std::size_t i = 0; i < tensor.size(); ++i) {
      const float value = scattered_value(random);
      record.statistics.push_back(tensor.role == nn::TensorRole::kRunningVariance ? std::abs(value) : value);
    }
  return record;
}

inline TaskRecord unranked(TaskRecord record) {
  for (LayerMask& layer : record.layers) layer.ranks.clear();
  return record;
}

inline ClientId numbered_client(unsigned index) {
  ClientId id;
  id.bytes[0] = static_cast<std::uint8_t>(index);
  id.bytes[1] = static_cast<std::uint8_t>(index >> 8U);
  return id;
}

}  // namespace outrider
