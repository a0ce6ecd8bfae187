// A policy that looks at a network layer by layer and says where to grow it (EAS: Cai et al. 2018, "Efficient
// architecture search by network transformation"): a bidirectional LSTM over the layers, of whose states a widening
// actor decides for each group of channels whether to widen it, and a deepening actor after which ReLU to put a layer,
// or after none. Trained by REINFORCE (Williams 1992).
//
//   GrowthPolicy policy({.hidden = 16}, seed);
//   const GrowthDecision decision = policy.draw(network, GrowthKind::kWiden, random);
//   const auto steps = steps_of(network, decision, 2, seed);         // grow, train, see how good it is
//   policy.reinforce(network, decision, reward - baseline, 0.01);    // for some decisions
//   policy.ascend(0.01);
//
// New, it decides at random: each group with probability 1/2, every place as likely.
#pragma once

#include <cstdint>
#include <vector>

#include "learners/nn/network.h"
#include "learners/random.h"
#include "learners/surgery/growth_step.h"

namespace outrider::surgery {

enum class GrowthKind : std::uint8_t { kWiden, kDeepen };

struct GrowthDecision {
  GrowthKind kind = GrowthKind::kWiden;
  std::vector<bool> widen;  // for each of widenable_layers()
  std::size_t place = 0;    // kDeepen: which of deepenable_layers(); as many as there are: none

  bool operator==(const GrowthDecision&) const = default;
};

// The steps that a decision means; `factor` multiplies widths, rounded up.
std::vector<GrowthStep> steps_of(const nn::NetworkSpec& network, const GrowthDecision& decision, double factor,
                                 std::uint64_t seed);

struct GrowthChances {
  std::vector<double> widen;  // of each of widenable_layers()
  std::vector<double> place;  // of each of deepenable_layers(), then of none; their sum is 1
};

class GrowthPolicy {
 public:
  struct Options {
    std::size_t hidden = 16;  // of each direction of the LSTM; at least 1
  };
  GrowthPolicy(const Options& options, std::uint64_t seed);

  // Throw InputError when the network is not valid.
  GrowthChances chances(const nn::NetworkSpec& network) const;
  GrowthDecision draw(const nn::NetworkSpec& network, GrowthKind kind, Random& random) const;
  // The most likely decision.
  GrowthDecision best(const nn::NetworkSpec& network, GrowthKind kind) const;
  double log_probability(const nn::NetworkSpec& network, const GrowthDecision& decision) const;
  double entropy(const nn::NetworkSpec& network, GrowthKind kind) const;

  // Adds to the gradient that of advantage * log_probability(decision) + entropy_bonus * entropy(kind).
  void reinforce(const nn::NetworkSpec& network, const GrowthDecision& decision, double advantage,
                 double entropy_bonus);
  // A step of Adam along the gradient, which is then zero again.
  void ascend(double rate);

  // All parameters and their gradient, for those who look closely.
  std::vector<double>& parameters() { return parameters_; }
  const std::vector<double>& gradient() const { return gradient_; }

 private:
  struct View;  // of a network
  View look(const nn::NetworkSpec& network) const;
  std::size_t head(GrowthKind kind) const;

  std::size_t hidden_;
  std::vector<double> parameters_;  // both LSTMs; weights and bias of the widening, the deepening actor, and of "none"
  std::vector<double> gradient_;
  std::vector<double> first_;  // Adam's moments
  std::vector<double> second_;
  std::uint64_t steps_ = 0;
};

}  // namespace outrider::surgery
