#include "learners/surgery/lstm.h"

#include <cmath>

#include <gtest/gtest.h>

#include "learners/random.h"

namespace outrider::surgery {
namespace {

constexpr LstmSize kLstm{3, 4};

std::vector<double> random_numbers(std::size_t count, std::uint64_t seed) {
  Random random(seed, "lstm test");
  std::vector<double> numbers(count);
  for (double& number : numbers) number = 0.7 * static_cast<double>(random.normal());
  return numbers;
}

Sequence random_sequence(std::size_t places, std::size_t size, std::uint64_t seed) {
  Sequence sequence;
  for (std::size_t i = 0; i < places; ++i) sequence.push_back(random_numbers(size, seed + i));
  return sequence;
}

double weighed(const Sequence& values, const Sequence& weights) {
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    for (std::size_t j = 0; j < values[i].size(); ++j) sum += values[i][j] * weights[i][j];
  return sum;
}

TEST(Lstm, ComputesItsEquations) {
  const std::vector<double> parameters{0.5, 0.1, 0.2, -0.4, 0.3, 0.1, 0.7, -0.2, 0, 0.9, 0.4, -0.1};
  const auto trace = Lstm({1, 1}, parameters).forward({{1.0}, {-2.0}});
  const auto gate = [&](std::size_t k, double x, double h) {
    const double sum = parameters[3 * k] * x + parameters[3 * k + 1] * h + parameters[3 * k + 2];
    return k < 3 ? 1 / (1 + std::exp(-sum)) : std::tanh(sum);
  };
  double c = 0;
  double h = 0;
  for (const double x : {1.0, -2.0}) {
    const double before = h;
    c = gate(1, x, before) * c + gate(0, x, before) * gate(3, x, before);
    h = gate(2, x, before) * std::tanh(c);
  }
  EXPECT_NEAR(trace.states[1][0], h, 1e-15);
}

TEST(BidirectionalLstm, GradientsAreThoseOfFiniteDifferences) {
  auto parameters = random_numbers(2 * kLstm.parameters(), 1);
  const BidirectionalLstm lstm(kLstm, parameters);
  const Sequence inputs = random_sequence(6, 3, 10);
  const Sequence weights = random_sequence(6, 8, 20);
  std::vector<double> gradient(parameters.size());
  lstm.backward(lstm.forward(inputs), weights, gradient);
  constexpr double kStep = 1e-5;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const double here = parameters[i];
    parameters[i] = here + kStep;
    const double above = weighed(lstm.forward(inputs).outputs, weights);
    parameters[i] = here - kStep;
    const double below = weighed(lstm.forward(inputs).outputs, weights);
    parameters[i] = here;
    EXPECT_NEAR(gradient[i], (above - below) / (2 * kStep), 1e-8) << i;
  }
}

TEST(BidirectionalLstm, SeesTheWholeSequenceFromEveryPlace) {
  const auto parameters = random_numbers(2 * kLstm.parameters(), 1);
  const BidirectionalLstm lstm(kLstm, parameters);
  Sequence inputs = random_sequence(5, 3, 10);
  const Sequence before = lstm.forward(inputs).outputs;
  inputs[2][0] += 1;
  const Sequence after = lstm.forward(inputs).outputs;
  for (std::size_t i = 0; i < 5; ++i) EXPECT_NE(before[i], after[i]) << i;
}

}  // namespace
}  // namespace outrider::surgery
