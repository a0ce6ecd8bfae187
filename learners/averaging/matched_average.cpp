#include "learners/averaging/matched_average.h"

#include <cassert>
#include <vector>

#include "learners/averaging/combine.h"
#include "learners/averaging/update.h"
#include "learners/surgery/matching.h"

namespace outrider::averaging {

nn::Parameters weighted_average(std::span<const nn::Parameters> networks, std::span<const double> weights) {
  assert(!networks.empty() && networks.size() == weights.size());
  std::vector<nn::TensorSpec> specs;
  for (const nn::Tensor& tensor : networks.front().tensors) specs.push_back(tensor.spec);
  for (const nn::Parameters& each : networks) check_tensors(each, specs, "a network to be averaged");
  nn::Parameters average;
  for (std::size_t t = 0; t < specs.size(); ++t) {
    std::vector<Vote> votes;
    for (std::size_t i = 0; i < networks.size(); ++i)
      votes.push_back({networks[i].tensors[t].values, {}, weights[i], 1});
    const Combined mean = combine(votes, specs[t].size(), WeightedMean{}, 1);
    average.tensors.push_back({specs[t], std::vector<float>(mean.values.begin(), mean.values.end())});
  }
  return average;
}

nn::Parameters matched_average(const nn::NetworkSpec& network, std::span<const nn::Parameters> networks,
                               std::span<const double> weights, std::span<const float> anchors, int threads) {
  assert(!networks.empty());
  const surgery::ChannelGroups groups = surgery::channel_groups(network);
  std::vector<nn::Parameters> in_step{networks.front()};
  for (const nn::Parameters& other : networks.subspan(1))
    in_step.push_back(surgery::select_channels(
        groups, other, surgery::match_by_activations(network, networks.front(), other, anchors, threads)));
  return weighted_average(in_step, weights);
}

}  // namespace outrider::averaging
