// How weights that clients train become one model, round by round: settings, as a value that can be compared, printed,
// parsed and sent.
//
//   const auto strategy = parse_strategy("fedadam rate 0.01; fedprox 0.1; clip 5; late sqrt limit 4");
//
// The text form: settings in any order, one per `;`, each at most once; what is left out has its default.
//   fedavg [rate R]                                  McMahan et al. 2017; the default rule
//   fedavgm [rate R] [momentum M]                    Hsu et al. 2019
//   fedadagrad [rate R] [beta1 B] [tau T]            Reddi et al. 2021
//   fedadam [rate R] [beta1 B] [beta2 B] [tau T]
//   fedyogi [rate R] [beta1 B] [beta2 B] [tau T]
//   mean | median | trimmed [SHARE] | krum [F] | multikrum [F] [M]     how updates become one
//   samples | uniform                                weights in the mean: examples, or all clients alike
//   clip NORM                                        trained tensors are scaled down to this norm, and running
//                                                    statistics likewise
//   fedprox MU                                       Li et al. 2020
//   scaffold                                         Karimireddy et al. 2020
//   fedbn                                            Li et al. 2021
//   fedbuff K                                        Nguyen et al. 2022; K updates make a round
//   late refused | constant | sqrt | linear [limit R]
// scaffold and fedbuff weigh clients alike unless `samples` says otherwise, as the papers do, and fedbuff takes late
// updates by `sqrt` unless told otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace outrider::averaging {

// The server's step with d, the combined update, on weights x. Running statistics of batch norms always move by d.
struct FedAvg {  // x += rate d
  bool operator==(const FedAvg&) const = default;
};
struct FedAvgM {  // m = momentum m + d; x += rate m
  double momentum = 0.9;
  bool operator==(const FedAvgM&) const = default;
};
// Reddi et al. 2021, algorithm 2: m = beta1 m + (1 - beta1) d; x += rate m / (sqrt(v) + tau); v starts at tau^2.
struct FedAdagrad {  // v += d^2
  double beta1 = 0;
  double tau = 1e-3;
  bool operator==(const FedAdagrad&) const = default;
};
struct FedAdam {  // v = beta2 v + (1 - beta2) d^2
  double beta1 = 0.9;
  double beta2 = 0.99;
  double tau = 1e-3;
  bool operator==(const FedAdam&) const = default;
};
struct FedYogi {  // v -= (1 - beta2) d^2 sign(v - d^2)
  double beta1 = 0.9;
  double beta2 = 0.99;
  double tau = 1e-3;
  bool operator==(const FedYogi&) const = default;
};
using ServerRule = std::variant<FedAvg, FedAvgM, FedAdagrad, FedAdam, FedYogi>;
// What the rate is where it is not given: 1, which for fedavg is the mean; 0.01 for the adaptive rules, whose steps are
// as large as the rate however small the updates are, so that weights of usual size do not survive a rate of 1.
double default_rate(const ServerRule& rule);

// How the updates of a round become one, weight by weight over the n clients that hold it. All but the mean count
// clients alike, whatever the weighting: who could raise its own weight would defeat them.
struct WeightedMean {
  bool operator==(const WeightedMean&) const = default;
};
struct Median {  // Yin et al. 2018; the mean of the middle two where n is even
  bool operator==(const Median&) const = default;
};
struct TrimmedMean {  // Yin et al. 2018: the mean without the floor(share n) lowest and highest
  double share = 0.1;
  bool operator==(const TrimmedMean&) const = default;
};
// Blanchard et al. 2017: the update, or the mean of the `chosen` updates, whose squared distances to the nearest
// n - byzantine - 2 others have the smallest sum. Needs n >= 2 byzantine + 3 updates of full width.
struct Krum {
  std::uint32_t byzantine = 1;
  bool operator==(const Krum&) const = default;
};
struct MultiKrum {
  std::uint32_t byzantine = 1;
  std::uint32_t chosen = 2;  // at most n
  bool operator==(const MultiKrum&) const = default;
};
using Combination = std::variant<WeightedMean, Median, TrimmedMean, Krum, MultiKrum>;

enum class Weighting : std::uint8_t { kSamples, kUniform };

// What an update is multiplied by that was learned t rounds ago. None needs a power function, whose last digit differs
// between machines.
enum class Discount : std::uint8_t {
  kConstant,  // 1
  kSqrt,      // 1 / sqrt(1 + t): Nguyen et al. 2022
  kLinear,    // 1 / (1 + t): Xie et al. 2019, with a = 1
};
double discount_factor(Discount discount, std::uint64_t staleness);

struct LateUpdates {
  Discount discount = Discount::kSqrt;
  std::uint32_t limit = 16;  // rounds; what is staler is refused
  bool operator==(const LateUpdates&) const = default;
};

struct StrategyLimits {
  static constexpr std::size_t kTextBytes = 1024;
  static constexpr std::uint32_t kClients = 1u << 16;  // byzantine, chosen, buffer
  static constexpr std::uint32_t kLateRounds = 64;
};

struct Strategy {
  ServerRule rule{};
  double rate = 1;  // the server's learning rate; default_rate() in the text form where it is not given
  Combination combination{};
  Weighting weighting = Weighting::kSamples;
  double clip = 0;                    // if positive: the norm that updates are scaled down to
  double proximal = 0;                // FedProx: mu
  bool scaffold = false;              // clients and server keep control variates
  bool local_norms = false;           // FedBN: normalisation layers stay with their client
  std::uint32_t buffer = 0;           // FedBuff: K; 0: rounds with chosen clients
  std::optional<LateUpdates> late{};  // nothing: late updates are refused

  bool operator==(const Strategy&) const = default;

  // Throws InputError, naming the setting, when one is out of its range or two do not go together.
  void check() const;
  // parse_strategy(s.text()) == s for every s that passes check().
  std::string text() const;
};

// What may help where training diverges, naming the rates that there are; the middle of a sentence.
std::string advice_on_divergence(const Strategy& strategy);

// Reads the text form and checks it. Throws InputError naming the setting and what was expected.
Strategy parse_strategy(std::string_view text);

}  // namespace outrider::averaging
