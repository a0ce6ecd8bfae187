// Searching for a good way to grow (EAS, Cai et al. 2018): in each episode the policy takes a small network that has
// learned, grows it in a few decisions, and the candidate, which computes what the small one did, is trained a little.
// How good it is then, and what it costs, rewards the decisions.
//
//   GrowthSearch search(network, weights, options, evaluate);   // evaluate: trains and tests
//   for (...) candidates.push_back(search.next());
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "learners/surgery/growth_policy.h"
#include "learners/surgery/net2net.h"
#include "learners/training/training_cost.h"

namespace outrider::surgery {

// What is taken off the reward.
struct GrowthPrices {
  double bytes = 0;         // for each multiple of the bytes that the small network's weights take on the wire
  double operations = 0;    // for each multiple of its multiply-adds
  double milliseconds = 0;  // of latency for one sample, where that is measured

  bool operator==(const GrowthPrices&) const = default;
};

struct Evaluation {
  double accuracy = 0;      // 0 to 1, on data that the candidate was not trained on
  double milliseconds = 0;  // for one sample; 0: not measured

  bool operator==(const Evaluation&) const = default;
};

// tan(accuracy * pi / 2), which makes the last percents worth the most, without the prices. Accuracies above 0.999
// count as that.
double growth_reward(const Evaluation& evaluation, const nn::NetworkSpec& grown, const nn::NetworkSpec& small,
                     const GrowthPrices& prices);

struct Candidate {
  std::uint64_t episode = 0;  // from 0
  std::vector<GrowthStep> steps;
  nn::NetworkSpec network;
  Evaluation evaluation;
  double reward = 0;
};

struct GrowthSearchOptions {
  std::vector<GrowthKind> decisions{GrowthKind::kWiden, GrowthKind::kDeepen, GrowthKind::kWiden};  // of an episode
  double factor = 2;                                                                               // of widening
  training::Workload workload{};  // steps after which training exceeds the capacity are left out
  training::Budget capacity{};
  GrowthPrices prices{};
  bool learns = true;           // else the policy stays as it is at first: choices at random
  std::size_t hidden = 16;      // of the policy's LSTM
  std::uint64_t batch = 8;      // episodes between two steps of the policy; at least 1
  double rate = 0.03;           // of the policy
  double entropy_bonus = 0.02;  // in standard deviations of the reward
  double baseline_decay = 0.8;  // of mean and deviation of earlier batches' rewards, from batch to batch
  std::uint64_t seed = 0;

  // Throws InputError when there are no decisions or a number is out of its range.
  void check() const;
};

class GrowthSearch {
 public:
  // Gets the grown network with its inherited weights and the number of the episode.
  using Evaluate = std::function<Evaluation(const Grown& candidate, std::uint64_t episode)>;

  // Throws InputError when options or network are not valid or the weights are not of the network.
  GrowthSearch(nn::NetworkSpec network, nn::Parameters weights, const GrowthSearchOptions& options, Evaluate evaluate);

  // The next episode. The same as ever for the same arguments if evaluate() is.
  Candidate next();
  const GrowthPolicy& policy() const { return policy_; }

 private:
  struct Choice {
    nn::NetworkSpec network;
    GrowthDecision decision;
  };
  struct Episode {
    std::vector<Choice> choices;
    double reward;
  };
  void take(Grown& grown, const std::vector<GrowthStep>& steps, Candidate& candidate) const;
  void learn();

  nn::NetworkSpec network_;
  nn::Parameters weights_;
  GrowthSearchOptions options_;
  Evaluate evaluate_;
  GrowthPolicy policy_;
  std::vector<Episode> batch_;
  std::uint64_t episodes_ = 0;
  std::uint64_t batches_ = 0;
  double baseline_ = 0;
  double deviation_ = 0;
};

}  // namespace outrider::surgery
