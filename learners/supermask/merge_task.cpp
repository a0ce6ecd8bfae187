#include <algorithm>
#include <cassert>
#include <limits>
#include <span>
#include <utility>

#include "learners/supermask/merge.h"

namespace outrider {
namespace {

constexpr std::uint32_t kLastRank = kRankLevels - 1;

// A client's record of the task at hand.
struct Voter {
  const TaskRecord* record;
  double weight;  // its examples
};

// How much the clients want a weight.
struct VotedWeight {
  std::uint32_t votes = 0;
  std::uint32_t ranks = 0;  // their sum: less is better
  std::uint32_t position = 0;
};

bool goes_before(const VotedWeight& a, const VotedWeight& b) {
  if (a.votes != b.votes) return a.votes > b.votes;
  if (a.ranks != b.ranks) return a.ranks < b.ranks;
  return a.position < b.position;
}

// What the clients say of each weight of a layer.
std::vector<VotedWeight> count_votes(std::span<const Voter> voters, std::size_t layer) {
  const auto worst = static_cast<std::uint32_t>(voters.size()) * kLastRank;
  std::vector<VotedWeight> weights(voters.front().record->layers[layer].kept.size());
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = {0, worst, static_cast<std::uint32_t>(i)};
  for (const Voter& voter : voters) {
    const LayerMask& mask = voter.record->layers[layer];
    mask.for_each_kept([&](std::size_t i, std::size_t number) {
      ++weights[i].votes;
      if (!mask.ranks.empty()) weights[i].ranks -= kLastRank - mask.ranks[number];
    });
  }
  return weights;
}

// As many weights as the largest mask has; each has a vote, for that mask's do.
std::vector<std::uint8_t> voted_mask(std::span<const Voter> voters, std::size_t layer) {
  std::size_t count = 0;
  for (const Voter& voter : voters) count = std::max(count, voter.record->layers[layer].count());
  std::vector<VotedWeight> candidates = count_votes(voters, layer);
  std::vector<std::uint8_t> kept(candidates.size());
  std::erase_if(candidates, [](const VotedWeight& weight) { return weight.votes == 0; });
  std::nth_element(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(count) - 1, candidates.end(),
                   goes_before);
  for (std::size_t i = 0; i < count; ++i) kept[candidates[i].position] = 1;
  return kept;
}

// Weighted means of the values that the clients give to each weight of the tensor.
class WeightMeans {
 public:
  explicit WeightMeans(std::size_t size) : sums_(size), weights_(size) {}

  // `base`: what the weights are where the record says nothing else.
  void add(const LayerMask& layer, const std::vector<float>& base, double weight) {
    layer.for_each_kept([&](std::size_t i, std::size_t number) {
      sums_[i] += weight * static_cast<double>(layer.values.empty() ? base[i] : layer.values[number]);
      weights_[i] += weight;
    });
  }
  std::vector<float> of(const std::vector<std::uint8_t>& kept) const {
    std::vector<float> means;
    for (std::size_t i = 0; i < kept.size(); ++i)
      if (kept[i] != 0) means.push_back(static_cast<float>(sums_[i] / weights_[i]));
    return means;
  }

 private:
  std::vector<double> sums_;
  std::vector<double> weights_;
};

std::vector<LayerMask> merged_layers(const BaseNetwork& base, std::span<const Voter> voters) {
  const auto has_values = [](const Voter& voter) { return voter.record->has_values(); };
  const bool any = std::ranges::any_of(voters, has_values);
  const bool all = std::ranges::all_of(voters, has_values);
  std::vector<std::vector<float>> base_values(voters.front().record->layers.size());
  if (any && !all) base_values = base.weight_values();
  std::vector<LayerMask> layers;
  for (std::size_t i = 0; i < base_values.size(); ++i) {
    LayerMask& layer = layers.emplace_back();
    layer.kept = voted_mask(voters, i);
    if (!any) continue;
    WeightMeans means(layer.kept.size());
    for (const Voter& voter : voters) means.add(voter.record->layers[i], base_values[i], voter.weight);
    layer.values = means.of(layer.kept);
  }
  return layers;
}

// The weighted mean over the clients of what `statistic` gives for each; within float's range, since variances around
// means that lie far apart can leave it and no record with such a number would be accepted.
template <typename Statistic>
float mean_over(std::span<const Voter> voters, Statistic statistic) {
  double sum = 0;
  double weights = 0;
  for (const Voter& voter : voters) {
    sum += voter.weight * statistic(voter.record->statistics);
    weights += voter.weight;
  }
  return static_cast<float>(std::min(sum / weights, static_cast<double>(std::numeric_limits<float>::max())));
}

// A variance comes right after its mean, with as many values.
std::vector<float> merged_statistics(const BaseNetwork& base, std::span<const Voter> voters) {
  std::vector<float> merged;
  for (const nn::TensorSpec& tensor : statistics_tensors(base.network))
    for (std::size_t i = 0; i < tensor.size(); ++i) {
      const std::size_t at = merged.size();
      if (tensor.role == nn::TensorRole::kRunningMean) {
        merged.push_back(
            mean_over(voters, [&](const auto& statistics) { return static_cast<double>(statistics[at]); }));
        continue;
      }
      const std::size_t mean_at = at - tensor.size();
      const auto mean = static_cast<double>(merged[mean_at]);
      merged.push_back(mean_over(voters, [&](const auto& statistics) {
        const double away = static_cast<double>(statistics[mean_at]) - mean;
        return static_cast<double>(statistics[at]) + away * away;
      }));
    }
  return merged;
}

// Their sum, or the most that can be said.
std::uint64_t all_examples(std::span<const Voter> voters) {
  std::uint64_t sum = 0;
  for (const Voter& voter : voters)
    sum += std::min(voter.record->examples, std::numeric_limits<std::uint64_t>::max() - sum);
  return sum;
}

TaskRecord without_ranks(TaskRecord record) {
  for (LayerMask& layer : record.layers) layer.ranks.clear();
  return record;
}

// By client: sums of floating point numbers depend on their order.
std::vector<Voter> voters_in_order(const std::vector<std::pair<ClientId, TaskRecord>>& said) {
  std::vector<const std::pair<ClientId, TaskRecord>*> order;
  for (const auto& one : said) order.push_back(&one);
  std::ranges::sort(order, {}, [](const auto* one) { return one->first; });
  std::vector<Voter> sorted;
  for (const auto* one : order) sorted.push_back({&one->second, static_cast<double>(one->second.examples)});
  return sorted;
}

}  // namespace

TaskRecord merge_task(const BaseNetwork& base, const std::vector<std::pair<ClientId, TaskRecord>>& said) {
  assert(!said.empty());
  const std::vector<Voter> voters = voters_in_order(said);
  const TaskRecord& first = *voters.front().record;
  assert(std::ranges::all_of(voters, [&](const Voter& voter) { return voter.record->classes == first.classes; }));
  if (voters.size() == 1) return without_ranks(first);
  TaskRecord merged;
  merged.classes = first.classes;
  merged.examples = all_examples(voters);
  merged.place = std::ranges::min(voters, {}, [](const Voter& voter) { return voter.record->place; }).record->place;
  merged.layers = merged_layers(base, voters);
  merged.statistics = merged_statistics(base, voters);
  return merged;
}

}  // namespace outrider
